"""A project swept by one process without disturbance, and what every other way of sweeping it must come to."""

import sys
import time
from dataclasses import dataclass
from pathlib import Path

import optuna
from mlflow import MlflowClient

from pipeline.files import paths
from tests.test_pipeline import call, clone

TRIALS = 8
SECONDS = 900  # for what takes one of them on a quiet machine


@dataclass(frozen=True)
class Swept:
    """A clone with features; the trials.csv that one process made of its sweep, and the seconds that took."""

    folder: Path
    expected: bytes
    seconds: float

    def trials(self) -> bytes:
        return (self.folder / paths.TRIALS).read_bytes()


def sweep_alone(folder: Path) -> Swept:
    clone(folder)
    params = folder / "params.yaml"
    text = params.read_text().replace("  trials: 12 ", f"  trials: {TRIALS} ")
    params.write_text(text.replace("  audit_top: 2 ", "  audit_top: 0 "))
    call(folder, "dvc", "repro", "--quiet", "extract-features")
    began = time.monotonic()
    call(folder, sys.executable, "-m", "pipeline", "sweep", "--quiet", "--storage", f"sqlite:///{folder}/alone.db")
    return Swept(folder, (folder / paths.TRIALS).read_bytes(), time.monotonic() - began)


def told(log: Path) -> int:
    """How many trials a sweep has, in its `log`, said to have ended."""
    return sum(line.startswith("trial ") for line in log.read_text().splitlines())


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
    assert sorted(int(run.data.tags["trial"]) for run in found if run is not parent) == list(range(TRIALS))
