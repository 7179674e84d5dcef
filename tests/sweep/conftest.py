"""A small sweep: in `planned` trials are a formula, in `trained` they train on a few images."""

import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import alembic.util
import pytest

from pipeline.files import paths, records
from pipeline.params import config
from pipeline.params.schema import Params
from pipeline.sweep import coordinator, plans
from pipeline.sweep.coordinator import Listener
from pipeline.sweep.executors import Pending, Workers
from pipeline.sweep.outcomes import Configuration, Outcome
from pipeline.sweep.plans import Plan
from tests import shipped
from tests.conftest import shrunk
from tests.small_data import write_images, write_index

from .whole import Swept, sweep_alone

ROOT = Path(__file__).parents[2]
SPACE = {
    "train.learning_rate": {"low": 1e-4, "high": 1e-2, "log": True},
    "train.optimizer": {"choices": ["momentum", "adam"]},
    "train.unfrozen_layers": {"low": 0, "high": 2},
    "head.dropout": {"low": 0.0, "high": 0.6},
}
SWEEP = {"trials": 10, "batch": 3, "sampler": "tpe", "pruner": "none", "failures": 0, "audit_top": 2, "audit_seeds": 2}


@pytest.fixture(autouse=True)
def own_stores(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reaches for a store that the machine's settings name."""
    for name in ("MLFLOW_TRACKING_URI", "OPTUNA_STORAGE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session", autouse=True)
def migrations_read_once() -> Iterator[None]:
    """Optuna has alembic run all its migrations' files whenever a storage is opened (optuna 5.0.0, alembic 1.20.1)."""
    read, read_once = alembic.util.load_python_file, cache(alembic.util.load_python_file)

    def module(folder: str | Path, file: str) -> ModuleType:
        return read(folder, file) if file == "env.py" else read_once(folder, file)  # that one acts when it is run

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alembic.util, "load_python_file", module)
        yield


@pytest.fixture
def params() -> Params:
    content = shrunk(shipped.runnable())
    content["sweep"] |= {**SWEEP, "space": SPACE}
    return config.check(content, "params.yaml")


def sweeping(params: Params, **values: Any) -> Params:
    """`params` with other values in the section sweep."""
    return config.check(params.model_dump() | {"sweep": params.sweep.model_dump() | values}, "params.yaml")


@pytest.fixture
def planned(project: Path) -> Callable[[Params], Plan]:
    """Opens the sweep of some parameters in a folder with images whose features are a name only."""
    write_images()
    write_index()
    records.write_json(paths.CLASSES, ["zero", "one"])
    return plans.of


def epoch_row(number: int, accuracy: float) -> list[float]:
    return [number, 1.0, 0.5, 1.0, accuracy, 1e-3]


def formula(configuration: Configuration) -> Outcome:
    """An accuracy that rises with the epochs towards what the configuration is worth; obeys the thresholds."""
    train, head = configuration["params"]["train"], configuration["params"]["head"]
    worth = 1 / (1 + abs(train["learning_rate"] - 3e-3) * 300 + head["dropout"] + train["seed"] % 7 / 50)
    rows = [epoch_row(0, 0.1)]
    for number in range(1, 11):
        rows.append(epoch_row(number, worth * number / 10))
        if rows[-1][4] < configuration["thresholds"].get(number, 0.0):
            return {"state": "pruned", "epochs": rows, "seconds": 1.0}
    images = {"held_out": 180, "trained_on": 1440} if configuration.get("draw") else {}
    return {"state": "complete", "epochs": rows, "accuracy": worth, "kept_epoch": 10, "seconds": 1.0, **images}


def working(
    work: Callable[[Configuration], Outcome], alone: Callable[[Configuration], Outcome] | None = None
) -> Workers:
    """Workers that do `work` when they are asked for what came of it; `alone`, if that differs."""

    def begin(how: Callable[[Configuration], Outcome]) -> Callable[[Configuration], Pending]:
        return lambda configuration: Pending(cache(lambda: how(configuration)))

    return Workers(begin(work), begin(alone or work))


BY_FORMULA = working(formula)


def table(plan: Plan) -> str:
    """The bytes of trials.csv."""
    from pipeline.results import trials

    trials.write(paths.TRIALS, plan.trials(), plan.keys)
    return paths.TRIALS.read_text()


def finished(plan: Plan) -> str:
    """trials.csv of the sweep, run to its end by the formula."""
    coordinator.run(plan, BY_FORMULA, Listener())
    return table(plan)


@pytest.fixture(scope="session")
def small_features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with stored images and activations, to be copied."""
    from pipeline.stages import extract_features

    folder = tmp_path_factory.mktemp("features")
    content = shrunk(shipped.runnable())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write_images()
        extract_features.run(config.check(content, "params.yaml"))
    return folder


@pytest.fixture
def trained(project: Path, small_features: Path) -> Callable[[Params], Plan]:
    """Opens the sweep of some parameters in a folder with real activations."""
    shutil.copytree(small_features / "data", project / "data")
    return plans.of


@pytest.fixture(scope="session")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Swept:
    """A real project, swept."""
    return sweep_alone(tmp_path_factory.mktemp("swept"))
