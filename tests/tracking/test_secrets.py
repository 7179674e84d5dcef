"""Passwords in addresses appear in nothing that is written, printed or listed; servers listen on this machine only."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from pipeline import cli
from pipeline.params import config
from pipeline.params.schema import Params
from pipeline.process import redaction
from pipeline.process.errors import ConfigError
from pipeline.sweep import coordinator, executors, plans, study
from pipeline.sweep.coordinator import Listener
from pipeline.tracking import tags, ui
from pipeline.tracking.publish import publish
from pipeline.tracking.sweeps import SweepRun
from tests.small_data import write_index
from tests.sweep.conftest import BY_FORMULA, SPACE, SWEEP

SECRET = "hunter2/%40x"
ADDRESSES = [
    f"postgresql://me:{SECRET}@db.example.org/mlflow",
    f"postgresql+psycopg2://me:{SECRET}@127.0.0.1:5432/optuna",
    f"https://me:{SECRET}@mlflow.example.org:5000/x",
    f"postgresql://me:correct {SECRET}@db.example.org/mlflow",
    f"https://mlflow.example.org/?token={SECRET}",
    f"mysql://db.example.org/mlflow?user=me&password={SECRET}",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_params_yaml_may_not_hold_one(params: Params, address: str) -> None:
    content = params.model_dump()
    content["tracking"]["uri"] = address
    with pytest.raises(ConfigError, match="MLFLOW_TRACKING_URI") as caught:
        config.check(content, "params.yaml")
    assert "hunter2" not in str(caught.value)
    content["tracking"] = address  # and where it is wrong altogether, it is not shown
    with pytest.raises(ConfigError, match="tracking: found") as caught:
        config.check(content, "params.yaml")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["sqlite:////tmp/mlflow.db", "http://host:5000", "postgresql://me@db/x", "models:/a@b"]
)
def test_what_holds_none_is_allowed(address: str) -> None:
    assert not redaction.holds_secret(address)


@pytest.mark.parametrize("address", [*ADDRESSES, f"postgresql//me:{SECRET}@db/x"])
def test_no_error_shows_one(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    error = RuntimeError(f"cannot connect to '{address}'")
    _, labels = tags.of_failure(RuntimeError, error)
    cli._show_traceback(RuntimeError, error, None)
    for text in (labels[tags.REASON], capsys.readouterr().err, redaction.redacted(str(error))):
        assert "cannot connect" in text
        assert "hunter2" not in text


def test_no_storage_of_a_sweep_that_fails_shows_one(capsys: pytest.CaptureFixture[str]) -> None:
    for address in (
        f"postgresql+psycopg2://me:{SECRET}@127.0.0.1:1/x",
        f"postgresql//me:{SECRET}@x",
        f"odd://me:{SECRET}@x",
    ):
        with pytest.raises((study.SweepError, ConfigError)) as caught:
            study.open_study("name", address)
        assert "hunter2" not in str(caught.value)
        cli._show_traceback(caught.type, caught.value, caught.tb)
        assert "hunter2" not in capsys.readouterr().err


def listening(process: psutil.Process) -> set[str]:
    """The addresses on which a process and its children take connections."""
    family = [process, *process.children(recursive=True)]
    return {c.laddr.ip for p in family for c in p.net_connections("inet") if c.status == psutil.CONN_LISTEN}


def written(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and b"hunter2" in path.read_bytes()]


@pytest.mark.slow
def test_publishing_and_sweeping_write_none(
    finished: Path, model: Any, params: Params, monkeypatch: pytest.MonkeyPatch, outcome: Callable[..., None]
) -> None:
    """A real server, asked with a password in its address; everything below the project is searched."""

    children = psutil.Process()
    local = params.tracking.model_copy(update={"uri": f"sqlite:///{finished}/mlflow.db"})
    with ui.server(local) as url:
        family = children.children(recursive=True)
        assert listening(children) == {"127.0.0.1"}
        assert not [p for p in family if "mlflow.db" in " ".join(p.cmdline())]  # where a password would be
        monkeypatch.setenv("MLFLOW_TRACKING_URI", url.replace("://", "://me:hunter2@"))
        searching = params.model_copy(
            update={"tracking": params.tracking.model_copy(update={"uri": None})}
        ).model_dump()
        searching["sweep"] |= {**SWEEP, "trials": 2, "space": SPACE}
        remote = config.check(searching, "params.yaml")
        assert "hunter2" not in repr(publish(remote, lambda: model))
        write_index()
        plan = plans.of(remote)
        with SweepRun(pytest.fail) as shown:
            shown.started(plan.study.study_name, remote)
            coordinator.run(plan, BY_FORMULA, Listener(ended=lambda t: shown.ended(t, plan.params_of(t))))
        assert not [p for p in children.children(recursive=True) if "hunter2" in " ".join(p.cmdline())]
    files = [path for path in finished.rglob("*") if path.is_file()]
    assert written(finished) == []
    assert len(files) > 30
    outcome(
        "a password in a store's address", "publish, sweep, ui", "written nowhere, in no argument", files=len(files)
    )


@pytest.mark.slow
def test_the_workers_of_a_sweep_take_orders_from_it_alone(project: Path, outcome: Callable[..., None]) -> None:
    from distributed import Client, Status

    here = psutil.Process()
    with executors.started(2):
        from distributed.deploy.local import LocalCluster

        (cluster,) = [found for found in LocalCluster._instances if found.status == Status.running]
        address = cluster.scheduler_address
        assert address.startswith("tls://127.0.0.1:")
        assert listening(here) == {"127.0.0.1"}
        for stranger in (address, address.replace("tls://", "tcp://")):
            with pytest.raises((OSError, TypeError, RuntimeError)):
                Client(stranger, timeout=5, set_as_default=False)
    outcome("another process asks a sweep's workers", "127.0.0.1", "refused: encrypted, and it has no key", attempts=2)


def test_the_command_shows_no_traceback_with_one(project: Path) -> None:
    """The whole way: a storage that cannot be reached, with --debug, which shows the libraries' own messages."""
    environment = {**os.environ, "OPTUNA_STORAGE": f"postgresql//me:{SECRET}@db/x", "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-m", "pipeline", "--debug", "promote", "best"]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "Traceback" in run.stderr
    assert "hunter2" not in run.stderr + run.stdout
