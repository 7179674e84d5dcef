"""What a stage's command leaves when it is asked to end."""

import signal
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from mlflow import MlflowClient
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.identity import guard, resources
from pipeline.params import config
from pipeline.params.schema import Params
from pipeline.stages import train


@pytest.mark.usefixtures("hangups")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_training_that_is_asked_to_end_is_shown_as_interrupted(
    project: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    params = config.load()

    def run(_: Params, on_start: Callable[[str], None], on_epoch: object) -> None:
        on_start("f" * 64)
        signal.raise_signal(number)

    monkeypatch.setattr(train, "run", run)
    monkeypatch.setattr(guard, "guarded", lambda _: nullcontext(SimpleNamespace(params=params, whole=params)))
    monkeypatch.setattr(resources, "noted", lambda _: nullcontext())
    before = signal.getsignal(signal.SIGTERM)
    assert CliRunner().invoke(app, ["train"]).exit_code == 128 + number
    assert signal.getsignal(signal.SIGTERM) == before
    client = MlflowClient(f"sqlite:///{project}/mlflow.db")
    (run_shown,) = client.search_runs([e.experiment_id for e in client.search_experiments()])
    assert (run_shown.info.status, run_shown.data.tags["state"]) == ("KILLED", "interrupted")
