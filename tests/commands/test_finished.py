"""What a run has not made yet is named in one message, by every command that reads it, with who is making it."""

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.commands import finished
from pipeline.files import paths, records
from pipeline.process import folder_lock
from pipeline.process.errors import DataError

READERS = {
    "summary": [paths.TRAINING],
    "publish": [paths.TRAINING],
    "predict image.png": [paths.MODEL, paths.TRAINING, paths.CLASSES],
    "export --format keras": [paths.MODEL, paths.TRAINING, paths.CLASSES],
    "export-backbone base.weights.h5": [paths.MODEL, paths.CLASSES],
    "compare . .": [paths.TRAINING],
    "record digits": [paths.LOCK, paths.TRAINING],
    "images": [paths.CLASSES],
}


@pytest.fixture
def stopped(project):
    """As Ctrl-C in `train` leaves a project: the reports of the run before, and no model."""
    records.write_json(paths.METRICS, {"test_accuracy": 0.9})
    (project / "image.png").touch()
    records.write_text(project / "experiments/digits/params.yaml", paths.PARAMS.read_text(encoding="utf-8"))
    return project


def refusal(command: str) -> str:
    error = CliRunner().invoke(app, command.split()).exception
    assert isinstance(error, DataError), repr(error)
    return str(error)


@pytest.mark.parametrize(("command", "absent"), READERS.items())
def test_after_ctrl_c_what_is_gone_is_named_and_what_brings_it_back(stopped, command, absent):
    said = refusal(command)
    assert str(absent[0]) in said
    assert "`dvc repro`" in said


@pytest.mark.parametrize("command", READERS)
def test_while_a_stage_works_it_is_named(stopped, command):
    with folder_lock.command_alone("train"):
        said = refusal(command)
    assert "train (process " in said
    assert "is at work in this folder: run this again when all stages have ended" in said
    assert "`dvc repro`" in refusal(command)  # it has ended


def test_what_is_there_is_no_obstacle_and_of_many_some_are_named(project):
    finished.require(paths.PARAMS)
    with pytest.raises(DataError, match=r"^reports/metrics\.json, .* and 2 more: not found"):
        finished.require(paths.METRICS, *paths.EVALUATION_PICTURES[:6])
