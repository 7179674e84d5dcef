"""What a run has not made yet is named in one message, by every command that reads it, with who is making it."""

import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.commands import finished
from pipeline.files import paths, records
from pipeline.identity import certificate, receipts
from pipeline.process import folder_lock
from pipeline.process.errors import DataError
from pipeline.results import overview

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


def test_a_new_experiment_lacks_what_its_author_writes(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told before results are looked at, and where it is said what they hold."""
    monkeypatch.setattr(finished, "require", lambda *files: None)
    (project / "experiments/mine").mkdir(parents=True)
    (project / "experiments/mine/params.yaml").write_text(paths.PARAMS.read_text(encoding="utf-8"), encoding="utf-8")
    error = CliRunner().invoke(app, ["record", "mine"]).exception
    assert str(error).startswith("experiments/mine/claim.yaml and experiments/mine/README.md: not found; needed before")
    error = CliRunner().invoke(app, ["record", "other"]).exception
    assert str(error).endswith("docs/experiments.md how to add one")


def test_a_result_that_the_next_run_would_take_the_place_of_is_to_be_committed(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finished, "require", lambda *files: None)
    monkeypatch.setattr(receipts, "require", lambda: None)
    monkeypatch.setattr(certificate, "require", lambda files: None)
    monkeypatch.setattr(overview, "of_results", lambda: "90 %")
    advice = "kept for comparison  once it is committed (git commit --all), before the next run"
    assert advice not in said("summary")  # no repository
    paths.LOCK.write_text("digits")
    for command in (["init", "-q"], ["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm1"]):
        subprocess.run(["git", *command], check=True)
    assert advice not in said("summary")
    paths.LOCK.write_text("flowers")
    assert advice in said("summary")


def said(*arguments: str) -> str:
    return CliRunner().invoke(app, arguments, catch_exceptions=False).output
