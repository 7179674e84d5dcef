"""A sweep on a cluster that loses computers, and with databases that go away, is the sweep of one process."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import optuna
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from pipeline import paths
from tests.servers import mlflow_server, postgresql, wait_until
from tests.test_pipeline import ENVIRONMENT, call, clone

from . import cluster

pytestmark = pytest.mark.slow

TRIALS = 8
SECONDS = 900  # for what takes one of them on a quiet machine


@dataclass(frozen=True)
class Project:
    """A clone with features, and the trials.csv that one process made of its sweep."""

    folder: Path
    expected: bytes

    def trials(self) -> bytes:
        return (self.folder / paths.TRIALS).read_bytes()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = clone(tmp_path_factory.mktemp("distributed"))
    params = folder / "params.yaml"
    text = params.read_text().replace("  trials: 12 ", f"  trials: {TRIALS} ")
    params.write_text(text.replace("  audit_top: 2 ", "  audit_top: 0 "))
    call(folder, sys.executable, "-m", "pipeline", "sweep", "--quiet", "--storage", f"sqlite:///{folder}/alone.db")
    return Project(folder, (folder / paths.TRIALS).read_bytes())


@contextlib.contextmanager
def sweeping(project: Project, log: Path, *command: str, uri: str) -> Iterator[subprocess.Popen[bytes]]:
    """`herbarium sweep` while the block runs; its words are in `log`."""
    environment = {**ENVIRONMENT, "MLFLOW_TRACKING_URI": uri, "PYTHONUNBUFFERED": "1"}
    (project.folder / paths.TRIALS).unlink()
    with log.open("wb") as words:
        process = subprocess.Popen(command, cwd=project.folder, env=environment, stdout=words, stderr=words)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def told(log: Path) -> int:
    """How many trials the sweep has said to have ended."""
    return sum(line.startswith("trial ") for line in log.read_text().splitlines())


def numbers(run: Run) -> int:
    return int(run.data.tags["trial"])


def shows_every_trial_once(optuna_url: str, mlflow_uri: str) -> None:
    (study,) = optuna.get_all_study_names(optuna_url)
    trials = optuna.load_study(study_name=study, storage=optuna_url).get_trials()
    assert [trial.number for trial in trials] == list(range(TRIALS))
    assert all(trial.state.is_finished() for trial in trials)
    client = MlflowClient(mlflow_uri)
    found = client.search_runs([experiment.experiment_id for experiment in client.search_experiments()])
    assert "RUNNING" not in {run.info.status for run in found}
    (parent,) = [run for run in found if "mlflow.parentRunId" not in run.data.tags]
    assert (parent.info.status, parent.data.tags["state"]) == ("FINISHED", "finished")
    assert sorted(numbers(run) for run in found if run is not parent) == list(range(TRIALS))


def test_a_sweep_on_three_computers_of_which_two_are_lost(project: Project, tmp_path: Path) -> None:
    log = tmp_path / "sweep.log"
    with contextlib.ExitStack() as stack:
        net = stack.enter_context(cluster.network(3))
        head = cluster.within(net.head)
        database = stack.enter_context(postgresql(cluster.HEAD, head))
        storage = database.create("optuna")
        uri = stack.enter_context(mlflow_server(tmp_path, database.create("mlflow"), host=cluster.HEAD, within=head))
        first, second, _ = stack.enter_context(cluster.dask_cluster(net, tmp_path))
        command = [*head, sys.executable, "-m", "pipeline", "sweep", "--scheduler", cluster.SCHEDULER]
        sweep = stack.enter_context(sweeping(project, log, *command, "--storage", storage, uri=uri))

        wait_until(first.trains, "the first computer trains", SECONDS)
        first.kill()
        assert told(log) == 0  # so its first trial had not ended
        wait_until(lambda: told(log) >= 4 or sweep.poll() is not None, f"a batch of trials, see {log}", SECONDS)
        net.cut(second.computer)  # the next batch has been sent out
        assert sweep.wait(SECONDS) == 0, log.read_text()

        assert project.trials() == project.expected
        shows_every_trial_once(database.socket_url("optuna"), database.socket_url("mlflow"))
    assert not [name for name in os.listdir("/run/netns") if name in (net.head, *net.computers)]


def test_a_database_that_is_restarted_is_waited_for(project: Project, tmp_path: Path) -> None:
    log = tmp_path / "sweep.log"
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(postgresql())
        storage = database.create("optuna")
        uri = stack.enter_context(mlflow_server(tmp_path, database.create("mlflow")))
        command = [sys.executable, "-m", "pipeline", "sweep", "--storage", storage]
        sweep = stack.enter_context(sweeping(project, log, *command, uri=uri))
        wait_until(lambda: told(log) >= 2 or sweep.poll() is not None, f"two trials, see {log}", SECONDS)
        database.stop()
        wait_until(lambda: "storage does not answer" in log.read_text(), f"the sweep waits, see {log}", SECONDS)
        database.start()
        assert sweep.wait(SECONDS) == 0, log.read_text()
        assert project.trials() == project.expected
        shows_every_trial_once(storage, database.url("mlflow"))
