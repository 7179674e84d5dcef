"""What is filed of a run, and that nothing is filed which does not belong together."""

import gzip

import numpy as np
import pytest
from ruamel.yaml import YAML

from pipeline.files import paths, records
from pipeline.filing import contents, differences, experiments, ledger, reading, readme, writing
from pipeline.filing import seeds as seeds_on_file
from pipeline.params import config
from pipeline.process.errors import ConfigError, DataError
from pipeline.results import predictions
from pipeline.results import seeds as outcomes
from pipeline.results.predictions import Predictions

from .conftest import write_lock, write_measured


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
    assert names == {*kept.split(), "ledger.json"}
    found = reading.read(folder)
    assert found.params == config.load()
    assert found.metrics == records.read_json(paths.METRICS)
    assert found.predictions.names == predictions.read(paths.PREDICTIONS).names
    assert found.environment["instruction_set"] == "x86_64 avx2"
    assert found.trainings == 1
    assert found.seeds is None


def test_filing_twice_gives_the_same_bytes(finished):
    folder = writing.file_results("digits")
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    writing.file_results("digits")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first


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


def test_results_of_other_parameters_are_refused(finished):
    for path in (paths.PARAMS, experiments.params_file("digits")):
        change(path, "train", "epochs", 7)
    with pytest.raises(DataError, match="other values of train"):
        writing.file_results("digits")


def test_results_changed_after_the_run_are_refused(finished):
    paths.METRICS.write_text(paths.METRICS.read_text() + " ")
    with pytest.raises(DataError, match=r"metrics\.json \(of evaluate\): not what dvc\.lock has"):
        writing.file_results("digits")


def test_nothing_to_file_is_an_error(finished):
    paths.METRICS.unlink()
    with pytest.raises(DataError, match="run `dvc repro`"):
        writing.file_results("digits")


def test_seeds_are_filed_if_they_are_this_run_s(finished):
    fingerprint = records.read_json(paths.TRAINING)["fingerprint"]
    seeds = (outcomes.Seed(1, fingerprint, 2, 0.55, 1 / 6), outcomes.Seed(2, "b", 2, 0.65, 0.7))
    digest = seeds_on_file.experiment_digest(config.load())
    found = outcomes.Replicates(digest, 6, 6, seeds)
    records.write_json(seeds_on_file.REPORT, outcomes.to_json(found))
    folder = writing.file_results("digits")
    assert reading.read(folder).seeds == found
    section = readme.measured(reading.read(folder), config.load())
    assert "60.00 ± 7.07 %" in section
    assert "record/curves.png" in section

    records.write_json(seeds_on_file.REPORT, outcomes.to_json(outcomes.Replicates("other", 6, 6, seeds)))
    assert reading.read(writing.file_results("digits")).seeds is None


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
