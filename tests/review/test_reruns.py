"""Re-runs of a tiny experiment: the faithful one is the record's, bit for bit; every broken one is caught and named."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.files import records
from pipeline.filing import divergence, reading, seed_runs, writing
from pipeline.process.errors import ConfigError, DataError
from pipeline.review import replicates, report, sentences, verify
from pipeline.review.verdict import Outcome
from pipeline.review.verify import Asked
from pipeline.review.workspace import RerunError
from tests.made_up_key import bring_a_key, on_file

from .conftest import commit

pytestmark = pytest.mark.slow
PARAMS = Path("experiments/digits/params.yaml")


def review(what: str = "digits", cached: bool = False) -> verify.Review:
    """Of one seed; from the cache where nothing is to be shown by computing again."""
    return verify.review(what, Asked(1, cached=cached), lambda _: None)


def replace(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def set_parameter(section: str, key: str, value: object) -> None:
    yaml = YAML()
    content = yaml.load(PARAMS)
    content[section][key] = value
    yaml.dump(content, PARAMS)


def other_split() -> None:
    yaml = YAML()
    content = yaml.load(PARAMS)
    content["data"]["splits"].update(validation="train[90%:]", test="train[80%:90%]")
    yaml.dump(content, PARAMS)


def wrong_weights() -> None:
    import h5py

    with h5py.File("pipeline/model/fashion_cnn/backbone.weights.h5", "r+") as file:
        kernels: list[h5py.Dataset] = []
        file.visititems(lambda _, item: kernels.append(item) if isinstance(item, h5py.Dataset) else None)
        kernels[0][...] = 1.01 * kernels[0][...]


BROKEN = {
    "other split": (other_split, "preprocess", "parameters: data.splits"),
    "other scaling": (
        lambda: set_parameter("images", "scale", "symmetric"),
        "extract-features",
        "parameters: images.scale is 'symmetric', was 'unit'",
    ),
    "an epoch less": (lambda: set_parameter("train", "epochs", 1), "train", "parameters: train.epochs is 1, was 2"),
    "wrong weights": (wrong_weights, "extract-features", "weights: pipeline/model/fashion_cnn/backbone.weights.h5"),
    "swapped labels": (
        lambda: replace(Path("pipeline/data/digits.py"), "int(label)", "9 - int(label)"),
        "fetch",
        "code: pipeline/data/digits.py",
    ),
}


def test_a_faithful_rerun_is_exact_computed_anew(reviewed):
    before = sorted(path for path in reviewed.rglob("*") if ".herbarium" not in path.parts and ".dvc" not in path.parts)
    found = review()
    assert found.outcome is Outcome.REPRODUCED
    assert sentences.bits(found) == "bits: every output is the record's, bit for bit: computed here"
    assert found.computed == ("fetch", "preprocess", "extract-features", "train", "evaluate")
    assert sorted(p for p in reviewed.rglob("*") if ".herbarium" not in p.parts and ".dvc" not in p.parts) == before
    assert not list(reviewed.glob(".herbarium/review-*"))


def test_what_comes_from_the_cache_is_said(reviewed):
    found = review(cached=True)
    assert found.outcome is Outcome.INTACT
    assert found.computed == ()
    assert sentences.bits(found).endswith("from the cache: nothing was computed")
    markdown, data = report.write(found)
    assert "RECORD INTACT" in markdown.read_text(encoding="utf-8")
    assert records.read_json(data)["exact"] is True
    first = markdown.read_bytes(), data.read_bytes()
    report.write(review(cached=True))
    assert (markdown.read_bytes(), data.read_bytes()) == first


def test_a_cache_that_was_written_into_is_not_the_record(recorded, reviewed, monkeypatch):
    """DVC takes a file of its cache for what it is filed as; a reviewer hashes it."""
    own = reviewed / ".dvc/cache"
    shutil.copytree(recorded / ".dvc/cache", own)
    records.write_text(reviewed / ".dvc/config.local", "")
    digest = records.md5(Path("experiments/digits/record/history.csv"))
    file = own / "files/md5" / digest[:2] / digest[2:]
    file.chmod(0o644)
    file.write_text("epoch\n")
    file.chmod(0o444)
    found = review(cached=True)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "DVC's cache has other bytes for reports/history.csv" in sentences.headline(found)


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_rerun_is_never_exact_and_its_stage_is_named(reviewed, how):
    change, stage, cause = BROKEN[how]
    change()
    commit(how)
    found = review(cached=True)
    assert found.outcome is Outcome.INCONCLUSIVE
    parted = divergence.first(found.stages)
    assert parted is not None
    assert parted.name == stage
    assert any(text.startswith(cause) for text in parted.causes)
    assert f"not the record's from the stage {stage} on" in sentences.bits(found)
    assert found.conclusion.verdict is not None


def test_a_commit_is_its_own_record(reviewed):
    found = review("HEAD", cached=True)
    assert found.outcome is Outcome.INTACT
    assert found.subject.record.metrics is not None  # out of the DVC cache


def test_a_commit_whose_lock_is_of_other_parameters_is_refused_not_accused(reviewed):
    for target in (Path("params.yaml"), PARAMS):
        replace(target, "epochs: 2 ", "epochs: 1 ")
    commit("without dvc repro")
    with pytest.raises(DataError, match=r"not made with its parameters: train\.epochs is 1, 2 in dvc"):
        review("HEAD", cached=True)


def test_a_commit_whose_lock_is_of_other_code_is_not_accused(reviewed):
    replace(Path("pipeline/data/digits.py"), "int(label)", "9 - int(label)")
    commit("without dvc repro")
    found = review("HEAD", cached=True)
    assert found.reservations == ("its dvc.lock was made with other code than the commit has: pipeline/data/digits.py",)
    assert found.outcome is Outcome.INCONCLUSIVE


def test_replicated_seeds_are_on_record_and_come_out_again(reviewed):
    """One by one, each with its own lock; a review then takes them for what they are, and runs those asked for."""
    found = replicates.replicate(3, lambda _: None)
    assert [seed.seed for seed in found.seeds] == [1, 2, 3]
    assert {path.name for path in seed_runs.KEPT.iterdir()} == {"2", "3"}
    writing.file_results("digits")
    assert reading.filed("digits").seeds == found
    commit("three seeds")
    again = verify.review("digits", Asked(3), lambda _: None)
    assert again.outcome is Outcome.REPRODUCED
    assert [item.source for item in again.evidence] == ["computed here"] * 3
    assert again.conclusion.exact


def test_a_stage_that_fails_is_an_error_with_its_last_words_and_leaves_nothing(reviewed):
    set_parameter("data", "source", "image_folder")
    set_parameter("data", "path", "data/originals")
    commit()
    with pytest.raises(RerunError, match="data/originals"):
        review()
    assert not list(reviewed.glob(".herbarium/review-*"))


def test_an_unknown_name_is_refused(reviewed):
    with pytest.raises(ConfigError, match="did you mean digits"):
        review("digitz")


def test_what_was_filed_before_a_key_came_is_reproduced_exactly(reviewed: Path) -> None:
    filed = on_file(reviewed)
    bring_a_key(reviewed)
    commit("a key")
    command = [sys.executable, "-m", "pipeline", "verify", "digits"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "bits: every output is the record's, bit for bit: computed here" in done.stdout
    assert {name: data for name, data in on_file(reviewed).items() if name in filed} == filed
