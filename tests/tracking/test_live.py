import inspect
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from mlflow import MlflowClient

from pipeline.params.schema import Params
from pipeline.tracking import address, runs, tags
from pipeline.tracking.live import Live
from pipeline.tracking.store import Store, connect, conversation

from .example import EPOCHS, FINGERPRINT


@pytest.fixture
def store(at: Callable[[str | None], Params]) -> Store:
    with conversation(address.tracking_uri(at(None).tracking)):
        return connect(at(None).tracking)


def steps(store: Store, name: str = "epoch/train_loss") -> list[int]:
    run = runs.find(store, FINGERPRINT)
    return [metric.step for metric in store.client.get_metric_history(run.info.run_id, name)]


def ending(store: Store) -> tuple[str, str, str]:
    run = runs.find(store, FINGERPRINT)
    return run.info.status, run.data.tags[tags.STATE], run.data.tags.get(tags.REASON, "")


def never(message: str) -> None:
    raise AssertionError(message)


def test_a_training_is_shown(store: Store, params: Params) -> None:
    with Live(never) as live:
        live.started(FINGERPRINT, params)
        assert ending(store) == ("RUNNING", "training", "")
        for epoch in EPOCHS:
            live.epoch(epoch)
    assert ending(store) == ("FINISHED", "trained", "")
    run = runs.find(store, FINGERPRINT)
    assert run.info.run_name == "lr1e-3·adam·u1·s1·conv32-64"
    assert run.data.params["train.optimizer"] == "adam"
    assert run.data.metrics["epoch/validation_loss"] == 0.9
    assert 0 <= run.data.metrics["system/cpu_utilization_percentage"] <= 100
    assert 0 < run.data.metrics["system/system_memory_usage_percentage"] <= 100
    assert run.data.tags["cpu"]
    assert steps(store) == [0, 1, 2]


def test_a_repetition_doubles_no_point(store: Store, params: Params) -> None:
    for part in (EPOCHS[:2], EPOCHS):
        with Live(never) as live:
            live.started(FINGERPRINT, params)
            for epoch in part:
                live.epoch(epoch)
    assert steps(store) == [0, 1, 2]
    assert steps(store, "epoch/learning_rate") == [1, 2]
    assert len(store.client.search_runs([store.experiment_id])) == 1


def interrupted_by(error: BaseException, params: Params) -> None:
    with Live(never) as live:
        live.started(FINGERPRINT, params)
        raise error


def test_an_error_and_ctrl_c_end_differently(store: Store, params: Params) -> None:
    for _ in range(2):  # also when the run ended the same way before
        with pytest.raises(ValueError, match="bad"):
            interrupted_by(ValueError("bad"), params)
        assert ending(store) == ("FAILED", "failed", "ValueError: bad")
    with pytest.raises(KeyboardInterrupt):
        interrupted_by(KeyboardInterrupt(), params)
    assert ending(store) == ("KILLED", "interrupted", "KeyboardInterrupt")


def test_a_reason_may_be_told(store: Store, params: Params) -> None:
    with Live(never) as live:
        live.started(FINGERPRINT, params)
        live.failed("out of memory")
    assert ending(store) == ("FAILED", "failed", "out of memory")


def test_a_published_run_stays_as_it_is(store: Store, params: Params) -> None:
    run = runs.create(store, FINGERPRINT, params)
    store.client.set_tag(run.info.run_id, tags.PUBLISHED, "digest")
    store.client.set_terminated(run.info.run_id)
    before = store.client.get_run(run.info.run_id).to_dictionary()
    with Live(never) as live:
        live.started(FINGERPRINT, params)
        live.epoch(EPOCHS[0])
    assert store.client.get_run(run.info.run_id).to_dictionary() == before


def test_a_killed_process_is_found_by_the_next_training(store: Store, params: Params) -> None:
    script = f"""
import time
from pipeline.params import config
from pipeline.tracking.live import Live
live = Live()
live.started({FINGERPRINT!r}, config.load())
print("started", flush=True)
time.sleep(60)
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"started\n"
    with Live(never) as live:
        live.started("e" * 64, params)
    assert ending(store)[:2] == ("RUNNING", "training")
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    with Live(never) as live:
        live.started("e" * 64, params)
    assert ending(store)[:2] == ("KILLED", "killed")


def test_the_first_failure_is_told_once(store: Store, params: Params) -> None:
    said: list[str] = []
    with Live(said.append) as live:
        live.started(FINGERPRINT, params)
        store.client.delete_run(runs.find(store, FINGERPRINT).info.run_id)
        for epoch in EPOCHS:
            live.epoch(epoch)
    assert len(said) == 1
    assert "must be in the 'active' state" in said[0]


def test_nothing_is_said_or_done_before_the_start() -> None:
    with Live(never) as live:
        live.epoch(EPOCHS[0])
        live.finished()


def test_an_epoch_costs_one_request(store: Store, params: Params, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else the client could be asked would be asked after every epoch, of a server far away."""
    requests: list[str] = []

    def counted(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            requests.append(name)
            return method(*arguments, **options)

        return call

    with Live(never) as live:
        live.started(FINGERPRINT, params)
        with monkeypatch.context() as patch:
            for name, method in inspect.getmembers(MlflowClient, inspect.isfunction):
                if not name.startswith("_"):
                    patch.setattr(MlflowClient, name, counted(name, method))
            for epoch in EPOCHS:
                live.epoch(epoch)
    assert requests == ["log_batch"] * len(EPOCHS)
