"""What is filed of a run, and that nothing is filed which does not belong together."""

import gzip
import platform
import shutil

import numpy as np
import pytest
from pyarrow import parquet
from ruamel.yaml import YAML
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.files import paths, records
from pipeline.filing import contents, differences, experiments, ledger, reading, writing
from pipeline.filing import seeds as seeds_on_file
from pipeline.params import config
from pipeline.process.errors import ConfigError, DataError
from pipeline.results import predictions
from pipeline.results.predictions import Predictions
from tests import trees

from .conftest import replicated, write_lock, write_measured


def change(path, section, key, value):
    yaml = YAML()
    content = yaml.load(path)
    content[section][key] = value
    yaml.dump(content, path)


def test_everything_is_filed_and_read_back(finished):
    ledger.note_results()
    folder = writing.file_results("digits")
    names = {path.name for path in folder.iterdir()}
    kept = "params.yaml dvc.lock metrics.json history.csv training.json curves.png predictions.csv environment.json"
    others = "ledger.json dataset.json validation_predictions.csv images.json confusion.webp predictions.webp"
    assert names == {*kept.split(), *others.split()}
    found = reading.read(folder)
    assert found.params == config.load()
    assert found.metrics == records.read_json(paths.METRICS)
    assert found.predictions.names == predictions.read(paths.PREDICTIONS).names
    assert found.environment["instruction_set"] == "x86_64 avx2"
    assert found.environment["python"] == platform.python_version()
    assert found.trainings == 1
    assert found.seeds is None


def test_filing_twice_gives_the_same_bytes(finished):
    folder = writing.file_results("digits")
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    writing.file_results("digits")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first


def test_filed_where_the_ledger_knows_nothing_it_says_no_less(finished, capsys):
    folder = writing.file_results("digits")
    other = shutil.copytree(folder.parent, folder.parent.parent / "other") / "record"
    file, count = folder / reading.LEDGER, records.read_json(folder / reading.LEDGER)
    records.write_json(file, count | {"trainings": 9})
    ledger.file().unlink()
    writing.file_results("digits")
    assert records.read_json(file)["trainings"] == 9
    records.write_json(file, count)
    records.write_json(other / "training.json", records.read_json(other / "training.json") | {"fingerprint": "another"})
    writing.file_results("digits")
    assert records.read_json(file)["trainings"] == 2
    records.write_json(other / reading.LEDGER, count | {"trainings": "many"})
    records.write_json(file, count)
    writing.file_results("digits")
    assert records.read_json(file)["trainings"] == 1
    assert "other/record/ledger.json" in capsys.readouterr().err


@pytest.mark.parametrize("count", [0, 2, 3, 40])
def test_a_count_of_trainings_that_the_seeds_exceed_is_refused(finished, count):
    """Three seeds have looked at the test images, whatever the ledger of another machine has seen of it."""
    replicated(1, 2)
    folder = writing.file_results("digits")
    file = folder / reading.LEDGER
    assert records.read_json(file)["trainings"] == 3
    records.write_json(file, records.read_json(file) | {"trainings": count})
    if count >= 3:
        assert reading.filed("digits").trainings == count
        return
    with pytest.raises(DataError, match=rf"ledger\.json: trainings is {count}, and the record has 3 seeds"):
        reading.filed("digits")


def test_seeds_on_file_are_not_lost_where_they_were_not_run(finished):
    """As in a fresh clone, where `dvc repro` gives the same network and reports/ has no other seed."""
    replicated(1, 2)
    folder = writing.file_results("digits")
    before = trees.digest(folder)
    kept = records.read_json(seeds_on_file.REPORT)
    for others in (None, kept | {"experiment": "another"}, kept | {"seeds": kept["seeds"][:2]}):
        if others is None:
            seeds_on_file.REPORT.unlink()
        else:
            records.write_json(seeds_on_file.REPORT, others)
        with pytest.raises(DataError, match=r"the record has 3 seeds, .* Run `herbarium replicate --seeds 3`"):
            writing.file_results("digits")
        assert trees.digest(folder) == before
    shutil.rmtree(folder / "seeds")
    seeds_on_file.REPORT.unlink()
    assert reading.read(writing.file_results("digits")).seeds is None


def test_many_predictions_are_compressed_without_a_time(finished, monkeypatch):
    monkeypatch.setattr(contents, "LARGEST_PLAIN_BYTES", 10)
    folder = writing.file_results("digits")
    packed = folder / "predictions.csv.gz"
    assert gzip.decompress(packed.read_bytes()) == paths.PREDICTIONS.read_bytes()
    assert packed.read_bytes()[4:8] == bytes(4)  # gzip's modification time
    assert reading.read(folder).predictions.names == predictions.read(paths.PREDICTIONS).names


def test_other_parameters_are_refused_by_name(finished):
    change(paths.PARAMS, "train", "epochs", 7)
    with pytest.raises(ConfigError, match=r"train\.epochs"):
        writing.file_results("digits")


def test_other_images_are_allowed_and_kept_in_the_record(finished):
    change(paths.PARAMS, "data", "name", "my-digits")
    write_lock()
    folder = writing.file_results("digits")
    assert reading.read(folder).params.data.name == "my-digits"
    assert experiments.params("digits").data.name == "digits"


def test_imagenet_weights_may_come_from_a_file(params):
    content = params.model_dump()
    content["images"] |= {"channels": 3}
    of_imagenet, from_file, random = (
        config.check(content | {"backbone": {**content["backbone"], "name": "VGG16", "layers": [], **changes}}, "test")
        for changes in ({"weights": "imagenet"}, {"weights": "file", "path": "weights.h5"}, {"weights": "none"})
    )
    assert differences.differences(of_imagenet, from_file) == []
    assert differences.differences(of_imagenet, random) == ["backbone.weights"]
    assert differences.differences(from_file, of_imagenet) == ["backbone.weights", "backbone.path"]


@pytest.mark.parametrize(
    ("ours", "other"),
    [
        ({"name": "hub:dinov2_small", "weights": "preset"}, {"name": "hub", "weights": "file", "path": "/a/preset"}),
        ({"name": "models:/a/1", "weights": "file"}, {"name": "saved", "weights": "file", "path": "/a/model.keras"}),
        ({"name": "saved", "path": "a.keras"}, {"name": "saved", "path": "/a/model.keras"}),
    ],
)
def test_weights_may_be_where_use_has_put_them(params, ours, other):
    """By `herbarium use NAME --weights`; other things than their place may not differ."""
    ours, other = (
        {**params.backbone.model_dump(), "weights": "file", "layers": [], **changes} for changes in (ours, other)
    )
    first, second = (config.check({**params.model_dump(), "backbone": one}, "test") for one in (ours, other))
    assert differences.differences(first, second) == []
    deeper = second.model_copy(update={"backbone": second.backbone.model_copy(update={"max_unfrozen_layers": 9})})
    assert "backbone.max_unfrozen_layers" in differences.differences(first, deeper)


def test_what_comes_with_the_project_is_no_other_file(params):
    moved = params.model_copy(update={"backbone": params.backbone.model_copy(update={"path": "mine.h5"})})
    assert differences.differences(params, moved) == ["backbone.path"]


def test_weights_of_classes_are_compared_whatever_their_names(params):
    """Their names are keys that the other may not have."""
    weighed = params.model_copy(update={"train": params.train.model_copy(update={"class_weights": {"oak": 2.0}})})
    for pair in ((params, weighed), (weighed, params)):
        assert set(differences.differences(*pair)) == {"train.class_weights", "train.class_weights.oak"}
    assert differences.differences(weighed, weighed) == []


def test_results_of_other_parameters_are_refused(finished):
    for path in (paths.PARAMS, experiments.params_file("digits")):
        change(path, "train", "epochs", 7)
    with pytest.raises(DataError, match=r"other values: train\.epochs is 7, 20 in dvc\.lock"):
        writing.file_results("digits")


@pytest.mark.parametrize(("key", "value", "was"), [("epochs", 7, "20"), ("mixup", 0.3, r"0\.0")])
def test_a_record_whose_parameters_were_changed_is_refused(finished, key, value, was):
    folder = writing.file_results("digits")
    change(folder / "params.yaml", "train", key, value)
    with pytest.raises(DataError, match=rf"are not of one run: train\.{key} is {value}, {was} in dvc\.lock; run"):
        reading.filed("digits")


def test_results_changed_after_the_run_are_refused(finished):
    paths.METRICS.write_text(paths.METRICS.read_text() + " ")
    with pytest.raises(DataError, match=r"metrics\.json \(of evaluate\): not what dvc\.lock has"):
        writing.file_results("digits")


def test_a_record_is_whole_or_the_old_one_stays(finished, monkeypatch):
    """Whatever stops it: a README without the place for the figures, a seed that is missing, a full disk."""
    folder = writing.file_results("digits")
    before = trees.digest(folder)
    readme_file = finished / "experiments/digits/README.md"
    text = readme_file.read_text(encoding="utf-8")
    readme_file.write_text(text.replace("<!-- measured -->", ""), encoding="utf-8")
    with pytest.raises(DataError, match="needed once each"):
        writing.file_results("digits")
    readme_file.unlink()
    with pytest.raises(DataError, match=r"README\.md: not found"):
        writing.file_results("digits")
    readme_file.write_text(text, encoding="utf-8")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(contents, "write_predictions", full)
    with pytest.raises(OSError, match="No space"):
        writing.file_results("digits")
    assert trees.digest(folder) == before
    assert [path.name for path in folder.parent.glob(".*")] == []


@pytest.mark.parametrize("absent", writing.NEEDED, ids=str)
def test_without_all_of_a_run_nothing_is_filed(finished, absent):
    absent.unlink(missing_ok=True)
    error = CliRunner().invoke(app, ["record", "digits"]).exception
    assert isinstance(error, DataError)
    assert f"{absent}: not found; no run has finished here" in str(error)
    assert not experiments.record_folder("digits").exists()


def test_a_replication_is_the_same_experiment_whatever_its_seed(params):
    other = config.with_seed(params, 9)
    assert other.train.seed == 9
    assert seeds_on_file.experiment_digest(other) == seeds_on_file.experiment_digest(params)
    longer = params.model_copy(update={"train": params.train.model_copy(update={"epochs": 9})})
    assert seeds_on_file.experiment_digest(longer) != seeds_on_file.experiment_digest(params)


def test_a_lock_that_is_none_is_refused(tmp_path):
    path = tmp_path / "dvc.lock"
    path.write_text("schema: '2.0'\n")
    with pytest.raises(DataError, match=r"'stages' is not as in the dvc\.lock that DVC writes"):
        reading.read_lock(path)


def test_a_large_run_keeps_its_exact_probabilities(finished):
    table = predictions.read(paths.PREDICTIONS)
    shifted = Predictions(table.classes, table.names, table.labels, np.full((6, 3), 1 / 3))
    write_measured(shifted)
    write_lock()
    assert (reading.read(writing.file_results("digits")).predictions.probabilities == 1 / 3).all()


@pytest.mark.parametrize("most", [10, 1_000_000])
def test_probabilities_that_only_parquet_has_are_filed_and_vouched_for(finished, monkeypatch, most):
    monkeypatch.setattr(contents, "LARGEST_PLAIN_BYTES", most)
    monkeypatch.setattr(predictions, "MOST_COLUMNS", 1)
    evaluated = {path: predictions.read(path) for path in (paths.PREDICTIONS, paths.VALIDATION_PREDICTIONS)}
    for path, table in evaluated.items():
        predictions.write(path, table)
    write_lock()
    folder = writing.file_results("digits")
    found = reading.filed("digits").predictions
    np.testing.assert_array_equal(found.probabilities, evaluated[paths.PREDICTIONS].probabilities)
    typed = folder / "validation_predictions.parquet"
    content = typed.read_bytes()
    typed.write_bytes(content.replace(b"PAR1", b"PAR2"))
    with pytest.raises(DataError, match=r"validation_predictions\.parquet: damaged"):
        reading.filed("digits")
    shutil.copyfile(folder / "predictions.parquet", typed)
    with pytest.raises(DataError, match=r"says other things than .*validation_predictions\.parquet"):
        reading.filed("digits")
    typed.write_bytes(content)
    parquet.write_table(parquet.read_table(typed), typed)  # the same table in other bytes: only the lock tells
    with pytest.raises(DataError, match=r"validation_predictions\.parquet: not what dvc\.lock beside it names"):
        reading.filed("digits")
    typed.unlink()
    with pytest.raises(DataError, match=r"validation_predictions\.parquet: not found"):
        reading.filed("digits")
