"""Results are told to others only as those of the parameters, the images and the code beside them."""

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.commands import finished as finished_run
from pipeline.commands import results
from pipeline.files import paths
from pipeline.filing import current
from pipeline.identity import agreement
from pipeline.process.errors import DataError
from tests.faults.bad_input import write_params

from .conftest import write_lock

CHANGES = {"data.limit": 500, "data.splitting.seed": 7, "data.deduplicate": True, "images.width": 9, "train.epochs": 7}


@pytest.mark.parametrize("key", CHANGES)
def test_parameters_edited_after_the_run_are_named(finished, key):
    write_params({})
    write_lock()
    current.require()
    write_params({"tracking.experiment": "elsewhere", "sweep.trials": 3})  # no part of a result
    current.require()
    write_params({key: CHANGES[key]})
    with pytest.raises(DataError, match=rf"{key} is {CHANGES[key]}, .* in dvc\.lock; run `dvc repro`"):
        current.require()


def test_a_result_changed_after_the_run_is_refused_and_without_a_lock_nothing_vouches(finished):
    paths.METRICS.write_text(paths.METRICS.read_text() + " ")
    with pytest.raises(DataError, match=r"metrics\.json \(of evaluate\): not what dvc\.lock has"):
        current.require()
    paths.LOCK.unlink()
    current.require()


@pytest.mark.parametrize("command", ["publish", "publish --register digits", "export --format keras", "compare . ."])
def test_no_command_tells_others_of_results_as_those_of_edited_parameters(finished, command, monkeypatch):
    monkeypatch.setattr(finished_run, "require", lambda *files: None)
    monkeypatch.setattr(results, "publish_run", lambda params: pytest.fail("published"))
    monkeypatch.setattr(agreement, "require_trained", lambda params: None)
    write_params({})
    write_lock()
    write_params({"data.limit": 500})
    error = CliRunner().invoke(app, command.split()).exception
    assert isinstance(error, DataError), repr(error)
    assert "data.limit is 500, 40 in dvc.lock" in str(error)
