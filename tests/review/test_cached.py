"""Results out of DVC's cache: damage in what a review reads is an error; in what it does not read it is found."""

from pathlib import Path

import pytest

from pipeline.files import paths, records
from pipeline.filing import reading
from pipeline.process.errors import DataError
from pipeline.review import cached, replicates


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
