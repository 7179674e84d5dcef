"""Other seeds speak if each one's files are those of its own lock, and that lock is of the run on record."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.files import paths, records
from pipeline.filing import contents, reading, readme, seed_runs, writing
from pipeline.filing.seeds import REPORT
from pipeline.identity import resources
from pipeline.params import config
from pipeline.process.errors import DataError

from .conftest import replicated

RECORD = Path("experiments/digits/record")


@pytest.fixture
def filed(finished: Path) -> Path:
    """The folder of seed 3 in a record of seeds 1 to 3."""
    replicated(3, 5)
    return writing.file_results("digits") / "seeds/3"


def edited(file: Path, change: Callable[[dict], object]) -> None:
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))


def test_seeds_are_filed_and_read_with_their_locks(finished):
    seeds = replicated(3, 5)
    found = reading.read(writing.file_results("digits"))
    assert list(found.seeds.seeds) == seeds
    assert found.accuracies("test") == {1: 1 / 6, 2: 3 / 6, 3: 5 / 6}
    assert found.locks.keys() == {1, 2, 3}
    assert found.typed is None
    section = readme.measured(found, config.load())
    assert "50.00 ± 33.33 %" in section
    assert "record/curves.png" in section


def test_what_a_file_manager_leaves_among_the_seeds_is_none(filed):
    (filed.parent / ".DS_Store").touch()
    assert reading.read(RECORD).locks.keys() == {1, 2, 3}


def test_large_predictions_are_compressed(finished, monkeypatch):
    monkeypatch.setattr(contents, "LARGEST_PLAIN_BYTES", 10)
    replicated(3)
    folder = writing.file_results("digits") / "seeds/2"
    assert {path.name for path in folder.iterdir()} == {
        *("dvc.lock", "metrics.json", "training.json", "history.csv"),
        *("predictions.csv.gz", "validation_predictions.csv.gz"),
    }
    assert len(reading.filed("digits").seeds.seeds) == 2


def test_seeds_of_another_run_are_not_filed(finished):
    replicated(3)
    edited(REPORT, lambda report: report.update(experiment="other"))
    assert reading.read(writing.file_results("digits")).seeds is None


def test_a_damaged_report_of_seeds_is_named_with_what_to_do(finished):
    replicated(3)
    REPORT.write_text('{"seeds": [{}]}', encoding="utf-8")
    with pytest.raises(DataError, match=r"replicate\.json: damaged: .*; run `herbarium replicate` again"):
        writing.file_results("digits")
    assert not RECORD.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda training: training.pop("fingerprint"), "KeyError: 'fingerprint'"),
        (lambda training: training.update(classes=0.5), "TypeError: 'float' object is not iterable"),
    ],
)
def test_a_record_whose_training_says_too_little_is_named(finished, change, said):
    """Made up, and vouched for by a lock that was made up as well."""
    replicated(3)
    folder = writing.file_results("digits") / "seeds/2"
    before = records.md5(folder / "training.json")
    edited(folder / "training.json", change)
    set_lock(folder, before, records.md5(folder / "training.json"))
    with pytest.raises(DataError, match=rf"seeds/2/training\.json: damaged: {said}"):
        reading.filed("digits")


@pytest.mark.parametrize("other", ["", "2/"])
def test_one_training_filed_as_two_seeds_is_refused(filed, other):
    """Copied from the record itself, or from another seed, with the number changed."""
    first = RECORD / "dvc.lock" if not other else RECORD / "seeds" / other / "dvc.lock"
    for lock in (first, filed / "dvc.lock"):
        content = config.read_yaml(lock)
        train = {"cmd": "train", "outs": [{"path": "models/model.keras", "md5": "a" * 32}]}
        records.write_text(lock, records.canonical({**content, "stages": {**content["stages"], "train": train}}))
    with pytest.raises(DataError, match=r"seeds/3: dvc\.lock names the network of seed .: one training, filed twice"):
        seed_runs.read(RECORD, config.read_yaml(RECORD / "dvc.lock"), 1)


def test_a_seed_that_was_not_kept_stops_the_filing(finished):
    replicated(3, 5)
    shutil.rmtree(seed_runs.KEPT / "3")
    with pytest.raises(DataError, match="reports/seeds/3: not found; run `herbarium replicate` again"):
        writing.file_results("digits")
    assert not RECORD.exists()


def set_lock(folder: Path, before: str, after: str) -> None:
    file = folder / "dvc.lock"
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


LIES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a better figure": (
        lambda f: edited(f / "metrics.json", lambda m: m.update(validation_accuracy=0.99)),
        r"metrics\.json: not what dvc\.lock beside it names",
    ),
    "no lock": (lambda f: (f / "dvc.lock").unlink(), r"seeds/3: dvc\.lock: not found"),
    "no figures": (lambda f: (f / "metrics.json").unlink(), r"seeds/3: metrics\.json: not found"),
    "a lock that does not name them": (
        lambda f: set_lock(f, "reports/metrics.json", "reports/other.json"),
        r"metrics\.json: dvc\.lock beside it does not name it",
    ),
    "more training": (lambda f: set_lock(f, "epochs: 20", "epochs: 99"), r"other train\.epochs"),
    "another seed's": (lambda f: set_lock(f, "seed: 3", "seed: 30"), "is of the seed 30, not 3"),
    "the worst left out": (lambda f: shutil.rmtree(f.parent / "2"), "who leaves one out chooses"),
    "one twice": (lambda f: shutil.copytree(f, f.parent / "4"), "is of the seed 3, not 4"),
    "something else": (lambda f: (f.parent / "notes").mkdir(), "needed: the seeds one after the other"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_seed_that_nothing_vouches_for_is_refused(filed, lie):
    damage, said = LIES[lie]
    damage(filed)
    with pytest.raises(DataError, match=said):
        reading.filed("digits")


def test_what_a_list_says_of_seeds_is_typed_and_does_not_speak(finished):
    """A list without locks, of an older record or made up: shown as what it is."""
    folder = writing.file_results("digits")
    found = reading.read(folder)
    invented = {"fingerprint": "f", "best_epoch": 1, "validation_accuracy": 0.99, "test_accuracy": 0.99}
    own = {"seed": 1, "fingerprint": "f", "best_epoch": 1, **found_figures(found.metrics)}
    listed = [own, *({"seed": seed, **invented} for seed in range(2, 12))]
    records.write_json(folder / "seeds.json", listing(listed))
    found = reading.filed("digits")
    assert found.seeds is None
    assert found.measured("test").accuracies == (1 / 6,)
    assert len(found.typed.seeds) == 11
    assert "vouched for by no lock" in readme.measured(found, config.load())


def found_figures(metrics: dict) -> dict:
    return {name: metrics[name] for name in ("validation_accuracy", "test_accuracy")}


def listing(seeds: list[dict]) -> dict:
    return {"experiment": "x", "seeds": seeds, "validation": {"images": 6}, "test": {"images": 6}}


def test_what_each_seed_took_is_filed_with_it(finished):
    took = {"seconds": 100.0, "cpu_seconds": 150.0, "peak_bytes": 2**30, "machine": {"cpu": "A CPU", "cores": "2"}}
    replicated(3)
    run = finished / "another"
    shutil.copytree(seed_runs.KEPT / "2", run / "reports")
    shutil.move(run / "reports/dvc.lock", run / "dvc.lock")
    (run / "models").mkdir()
    shutil.move(run / "reports/training.json", run / "models/training.json")
    known = {paths.METRICS.as_posix(): records.md5(run / paths.METRICS)}
    records.write_json(run / resources.FOLDER / "train.json", {**took, "outputs": known})
    records.write_json(run / resources.FOLDER / "fetch.json", {**took, "outputs": {"reports/metrics.json": "0" * 32}})
    seed_runs.keep(run, 2)
    writing.file_results("digits")
    found = reading.filed("digits")
    assert found.seed_resources == {2: {"train": took}}
    assert "Other seeds took, from what was computed once: 2: 100 s (2 min of CPU)." in readme.measured(
        found, config.load()
    )
