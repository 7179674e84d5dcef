import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.params.schema import Params
from pipeline.process.errors import ConfigError
from pipeline.tracking import address, store
from pipeline.tracking.store import Store, TrackingUnavailable, connect, conversation

PLACES = Callable[[str | None], Params]

START = """
import sys
from pipeline.results.history import Epoch
from pipeline.params import config
from pipeline.tracking.live import Live
with Live() as live:
    live.started(sys.argv[1], config.load())
    for number in range(5):
        live.epoch(Epoch(number, 1.0, 0.5, 1.0, 0.5, 0.001))
"""


def opened(params: Params) -> Store:
    with conversation(address.tracking_uri(params.tracking)):
        return connect(params.tracking)


@pytest.mark.slow
def test_four_processes_may_begin_at_once(at: PLACES, project: Path) -> None:
    fingerprints = [letter * 64 for letter in "abcd"]
    processes = [
        subprocess.Popen([sys.executable, "-c", START, text], stderr=subprocess.PIPE, text=True)
        for text in fingerprints
    ]
    assert [process.communicate()[1] for process in processes] == [""] * 4
    found = opened(at(None))
    runs = found.client.search_runs([found.experiment_id])
    assert sorted(run.data.tags["fingerprint"] for run in runs) == fingerprints
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert [len(found.client.get_metric_history(run.info.run_id, "epoch/train_loss")) for run in runs] == [5] * 4


def test_opening_again_finds_the_same_experiment_and_leaves_no_folder(at: PLACES, project: Path) -> None:
    assert opened(at(None)).experiment_id == opened(at(None)).experiment_id
    assert not (project / "mlruns").exists()


def test_deleted_experiment_says_how_to_restore_it(at: PLACES) -> None:
    found = opened(at(None))
    found.client.delete_experiment(found.experiment_id)
    with pytest.raises(TrackingUnavailable, match=rf"'digits' was deleted.*restore -x {found.experiment_id}"):
        opened(at(None))


def test_damaged_database_is_named(at: PLACES, project: Path) -> None:
    (project / "mlflow.db").write_text("this is not a database, but it is long enough to be taken for one" * 20)
    with pytest.raises(TrackingUnavailable, match="file is not a database"):
        opened(at(None))


def test_folder_that_cannot_be_made_is_named(at: PLACES, project: Path) -> None:
    (project / "file").write_text("")
    with pytest.raises(TrackingUnavailable, match="file"):
        opened(at("sqlite:///file/mlflow.db"))


def test_unknown_scheme_is_refused(at: PLACES) -> None:
    with pytest.raises(TrackingUnavailable, match="ftp://host cannot be used"), conversation("ftp://me:secret@host"):
        connect(at("ftp://me:secret@host").tracking)


ODD = [KeyError("x"), ImportError("no module"), RuntimeError("http://me:hunter2@h"), Exception()]


@pytest.mark.parametrize("error", ODD)
def test_whatever_is_raised_inside_is_one_error(error: Exception) -> None:
    said = f"MLflow at http://h cannot be used: {type(error).__name__}"
    with pytest.raises(TrackingUnavailable, match=said) as raised, conversation("http://me:hunter2@h"):
        raise error
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("error", [ConfigError("params.yaml: a"), KeyboardInterrupt(), SystemExit(143)])
def test_what_is_ours_or_no_error_goes_through(error: BaseException) -> None:
    with pytest.raises(type(error)), conversation("http://h"):
        raise error


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), MemoryError()])
def test_what_is_this_machines_is_not_told_as_mlflows(error: Exception) -> None:
    with pytest.raises(type(error)), conversation("http://h"):
        raise error


def test_limits_end_with_the_conversation_and_yield_to_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "7")
    with conversation("http://host", seconds=3, retries=1):
        assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "7"
        assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "1"
    assert "MLFLOW_HTTP_REQUEST_MAX_RETRIES" not in os.environ


def test_mlflows_own_remedy_is_not_cut_off(at: PLACES) -> None:
    """A folder of runs, as older MLflows made them; it says how to go on, at the end."""
    with pytest.raises(TrackingUnavailable) as refused:
        opened(at("./mlruns"))
    assert "MLFLOW_ALLOW_FILE_STORE=true" in str(refused.value)
    assert "mlflow migrate-filestore" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_neither_statements_nor_pages_are_shown() -> None:
    assert store._reason("database is locked\n[SQL: INSERT INTO runs …]\n(Background …)") == "database is locked"
    assert len(store._reason("error code 502. Response body: '<html>" + "x" * 9999)) == 300
