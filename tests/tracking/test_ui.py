"""A real server on the project's store: its pages for people, its interface for trainings."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import psutil
import pytest
from typer.testing import CliRunner

from pipeline import cli
from pipeline.files import paths, records
from pipeline.params.schema import Params
from pipeline.process import verbosity
from pipeline.process.errors import ConfigError
from pipeline.tracking import runs, ui
from pipeline.tracking.live import Live
from pipeline.tracking.publish import publish
from pipeline.tracking.store import TrackingUnavailable, connect, conversation

from .example import EPOCHS, FINGERPRINT

PLACES = Callable[[str | None], Params]


def children(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


@pytest.mark.slow
@pytest.mark.usefixtures("hangups")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_address_is_printed_and_a_signal_stops_everything(project: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "pipeline", "--quiet", "ui"]
    environment = {**os.environ, "PYTHONPATH": str(Path(ui.__file__).parents[2])}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())[0]
    search = urllib.request.Request(
        f"{url}/api/2.0/mlflow/experiments/search", b'{"max_results": 9}', {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(search) as answer:
        assert "digits" in [experiment["name"] for experiment in json.load(answer)["experiments"]]
    started = children(process)
    assert started
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (out, err) == ("", "")
    assert process.returncode == (0 if number == signal.SIGINT else 128 + number)
    assert psutil.wait_procs(started, timeout=5)[1] == []


@pytest.mark.parametrize("options", [[], ["--debug"]])
def test_a_wrong_key_is_told_as_by_every_command_and_before_anything_starts(
    project: Path, options: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = paths.PARAMS.read_text(encoding="utf-8")
    paths.PARAMS.write_text(text.replace("  learning_rate:", "  learning_rat:", 1), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["herbarium", *options, "ui"])
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setenv(verbosity.DEBUG, "")  # as it was, afterwards: the command line sets it
    with pytest.raises(ConfigError if options else SystemExit) as end:
        cli.main()
    out, err = capsys.readouterr()
    assert "starting" not in out + err
    if options:
        assert "train.learning_rat: unknown key" in str(end.value)
    else:
        assert end.value.code == 1
        assert err.startswith("error: params.yaml: train.learning_rat: unknown key")


def test_the_address_of_a_server_of_ones_own_is_told(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:hunter2@mlflow.example.org")
    said = CliRunner().invoke(cli.app, ["ui"], catch_exceptions=False).stdout
    assert "The runs are at http://" in said
    assert "mlflow.example.org" in said
    assert "hunter2" not in said


@pytest.mark.slow
def test_trainings_and_publications_through_a_server(
    finished: Path, at: PLACES, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    with ui.server(at(None).tracking) as url:
        there = at(url)
        with Live(said.append) as live:
            live.started(FINGERPRINT, there)
            for epoch in EPOCHS:
                live.epoch(epoch)
        first = publish(there, lambda: model)
        second = publish(there, lambda: pytest.fail("the model was built again"))
        assert first == second
        assert first.url == f"{url}/#/experiments/{first.experiment_id}/runs/{first.run_id}"
        with conversation(url):
            store = connect(there.tracking)
            run = runs.find(store, FINGERPRINT)
        assert run.data.tags["state"] == "published"
        assert len(store.client.get_metric_history(run.info.run_id, "epoch/train_loss")) == len(EPOCHS)
        monkeypatch.setenv("MLFLOW_TRACKING_URI", url)
        served = mlflow.pyfunc.load_model(f"models:/{run.outputs.model_outputs[0].model_id}")
        assert len(served.predict([{"image": image.tolist()} for image in records.read_npy(paths.images("test"))])) == 6
    assert said == []


@pytest.mark.slow
def test_a_server_that_stops_answering_during_a_training(results_files: Path, at: PLACES) -> None:
    said: list[str] = []
    with ui.server(at(None).tracking) as url, Live(said.append) as live:
        live.started(FINGERPRINT, at(url))
        live.epoch(EPOCHS[0])
        server = next(child for child in psutil.Process().children() if "mlflow" in " ".join(child.cmdline()))
        os.killpg(server.pid, signal.SIGSTOP)
        began = time.monotonic()
        live.epoch(EPOCHS[1])
        live.epoch(EPOCHS[2])
        with pytest.raises(TrackingUnavailable, match="run `herbarium publish` later"):
            publish(at(url), lambda: pytest.fail("a model was built for nobody"))
        seconds = time.monotonic() - began
        os.killpg(server.pid, signal.SIGCONT)
    assert len(said) == 1
    assert seconds < 10.5


@pytest.mark.slow
def test_a_port_in_use_is_reported_with_the_servers_words(project: Path, at: PLACES, silent_port: int) -> None:
    with pytest.raises(TrackingUnavailable, match="did not start") as caught, ui.server(at(None).tracking, silent_port):
        pass
    assert "address already in use" in str(caught.value).lower()
