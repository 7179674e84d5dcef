"""Results out of DVC's cache: damage in what a review reads is an error; in what it does not read it is found."""

from pathlib import Path

import pytest

from pipeline.files import paths, records
from pipeline.filing import reading
from pipeline.params import config
from pipeline.process.errors import DataError
from pipeline.results import predictions
from pipeline.review import cached, replicates

TABLES = (paths.PREDICTIONS, paths.TYPED_PREDICTIONS)


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


def test_damage_in_what_is_not_read_is_found_and_stops_nothing(repository):
    damage(paths.HISTORY)
    assert replicates.outcome(Path(), 1).test_accuracy == records.read_json(paths.METRICS)["test_accuracy"]
    assert cached.changed(Path(), reading.read_lock(paths.LOCK)) == [paths.HISTORY.as_posix()]


@pytest.mark.parametrize("path", [paths.METRICS, paths.PREDICTIONS, paths.TRAINING])
def test_damage_in_a_figure_is_an_error(repository, path):
    damage(path)
    with pytest.raises(DataError, match=f"{path} .*: not what dvc.lock has"):
        replicates.outcome(Path(), 1)


def test_whole_results_are_not_changed(repository):
    assert cached.changed(Path(), reading.read_lock(paths.LOCK)) == []


def test_probabilities_that_only_parquet_has_are_read_from_the_cache(repository, monkeypatch, tmp_path):
    monkeypatch.setattr(predictions, "MOST_COLUMNS", 1)
    wanted = predictions.read(paths.PREDICTIONS)
    predictions.write(paths.PREDICTIONS, wanted)
    files = {path: path.rename(tmp_path / f"object {i}") for i, path in enumerate(TABLES)}
    lock = reading.read_lock(paths.LOCK)
    found = cached.record(config.load(), lock, files).predictions
    assert found is not None
    assert found.probabilities.tolist() == wanted.probabilities.tolist()
    assert cached.record(config.load(), lock, {paths.PREDICTIONS: files[paths.PREDICTIONS]}).predictions is None
