"""A sweep on a cluster that loses computers, and with databases that go away, is the sweep of one process."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.files import paths
from tests.servers import mlflow_server, postgresql, wait_until
from tests.test_pipeline import ENVIRONMENT

from . import cluster
from .whole import SECONDS, Swept, shows_every_trial_once, told

SAME = "waits or goes on, the same trials.csv, every trial once in MLflow"

pytestmark = pytest.mark.slow


@contextlib.contextmanager
def sweeping(swept: Swept, log: Path, *command: str, uri: str) -> Iterator[subprocess.Popen[bytes]]:
    """`herbarium sweep` while the block runs; its words are in `log`."""
    environment = {**ENVIRONMENT, "MLFLOW_TRACKING_URI": uri, "PYTHONUNBUFFERED": "1"}
    (swept.folder / paths.TRIALS).unlink()
    with log.open("wb") as words:
        process = subprocess.Popen(command, cwd=swept.folder, env=environment, stdout=words, stderr=words)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_sweep_on_three_computers_of_which_two_are_lost(
    swept: Swept, tmp_path: Path, outcome: Callable[..., None]
) -> None:
    log = tmp_path / "sweep.log"
    with contextlib.ExitStack() as stack:
        net = stack.enter_context(cluster.network(3))
        head = cluster.within(net.head)
        database = stack.enter_context(postgresql(cluster.HEAD, head))
        storage = database.create("optuna")
        uri = stack.enter_context(mlflow_server(tmp_path, database.create("mlflow"), host=cluster.HEAD, within=head))
        first, second, _ = stack.enter_context(cluster.dask_cluster(net, tmp_path))
        command = [*head, sys.executable, "-m", "pipeline", "sweep", "--scheduler", cluster.SCHEDULER]
        sweep = stack.enter_context(sweeping(swept, log, *command, "--storage", storage, uri=uri))

        wait_until(first.trains, "the first computer trains", SECONDS)
        first.kill()
        assert told(log) == 0  # so its first trial had not ended
        wait_until(lambda: told(log) >= 4 or sweep.poll() is not None, f"a batch of trials, see {log}", SECONDS)
        net.cut(second.computer)  # the next batch has been sent out
        assert sweep.wait(SECONDS) == 0, log.read_text()

        assert swept.trials() == swept.expected
        shows_every_trial_once(database.socket_url("optuna"), database.socket_url("mlflow"))
    assert not [name for name in os.listdir("/run/netns") if name in (net.head, *net.computers)]
    for fault in ("a computer loses its power", "a computer is cut off"):
        outcome(fault, "sweep on three computers", SAME, faults=1)


def test_a_database_that_is_restarted_is_waited_for(swept: Swept, tmp_path: Path, outcome: Callable[..., None]) -> None:
    log = tmp_path / "sweep.log"
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(postgresql())
        storage = database.create("optuna")
        uri = stack.enter_context(mlflow_server(tmp_path, database.create("mlflow")))
        command = [sys.executable, "-m", "pipeline", "sweep", "--storage", storage]
        sweep = stack.enter_context(sweeping(swept, log, *command, uri=uri))
        wait_until(lambda: told(log) >= 2 or sweep.poll() is not None, f"two trials, see {log}", SECONDS)
        database.stop()
        wait_until(lambda: "storage does not answer" in log.read_text(), f"the sweep waits, see {log}", SECONDS)
        database.start()
        assert sweep.wait(SECONDS) == 0, log.read_text()
        assert swept.trials() == swept.expected
        shows_every_trial_once(storage, database.url("mlflow"))
    outcome("PostgreSQL is restarted", "sweep", SAME, faults=1)
