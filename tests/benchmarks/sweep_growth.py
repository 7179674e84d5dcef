"""What deciding and recording a trial takes when thousands came before it: trainings are a formula here.

The study is in a file, as `herbarium sweep` has it; TPE decides, and the median of earlier trials prunes.
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from typing import Any

TRIALS, STEP = 10_000, 1_000
EPOCHS = 10
SPACE = {
    "train.learning_rate": {"low": 1e-4, "high": 1e-2, "log": True},
    "train.optimizer": {"choices": ["momentum", "rmsprop", "adam"]},
    "train.unfrozen_layers": {"low": 0, "high": 2},
    "head.dropout": {"low": 0.0, "high": 0.6},
}


def rows() -> list[Any]:
    """A trial's time after thousands of others, over its time after one thousand."""
    from tests.benchmarks.cases import Row

    stamps = sweep(TRIALS)
    thousands = [after - before for before, after in zip(stamps[::STEP], stamps[STEP::STEP], strict=False)]
    name = f"sweep of {TRIALS:,} trials of a formula: the last thousand"
    return [Row(name, None, stamps[-1] - stamps[0], thousands[-1] / thousands[1], "≈ 1", "times the second thousand's")]


def sweep(trials: int) -> list[float]:
    """The moments at which each trial had been recorded, the beginning first."""
    from pipeline.sweep import coordinator, plans
    from pipeline.sweep.coordinator import Listener

    with _project(trials) as params:
        plan = plans.of(params)
        stamps = [time.perf_counter()]
        coordinator.run(plan, _by_formula(), Listener(ended=lambda _: stamps.append(time.perf_counter())))
    return stamps


@contextmanager
def _project(trials: int) -> Iterator[Any]:
    """A temporary folder whose features are a name only; yields the sweep's parameters."""
    from pipeline.files import paths, records
    from tests.benchmarks.setting import CLASSES, ROOT, parameters
    from tests.small_data import write_index

    searching = {"trials": trials, "sampler": "tpe", "pruner": "median", "space": SPACE, "failures": trials}
    params = parameters({"train": {"epochs": EPOCHS}, "backbone": {"path": str(ROOT / parameters().backbone.path)}})
    params = params.model_copy(update={"sweep": params.sweep.model_copy(update=searching)})
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        write_index()
        records.write_json(paths.CLASSES, [f"class {k}" for k in range(CLASSES)])
        yield params


def _by_formula() -> Any:
    from pipeline.sweep.executors import Pending, Workers

    def begin(configuration: Any) -> Any:
        return Pending(lambda: _formula(configuration))

    return Workers(begin, begin)


def _formula(configuration: Any) -> dict[str, Any]:
    train, head = configuration["params"]["train"], configuration["params"]["head"]
    worth = 1 / (1 + abs(train["learning_rate"] - 3e-3) * 300 + head["dropout"])
    epochs = []
    for number in range(EPOCHS + 1):
        epochs.append((number, 1.0, 0.5, 1.0, worth * number / EPOCHS, 1e-3))
        if number and epochs[-1][4] < configuration["thresholds"].get(number, 0.0):
            return {"state": "pruned", "epochs": epochs, "seconds": 0.1}
    return {"state": "complete", "epochs": epochs, "accuracy": worth, "kept_epoch": EPOCHS, "seconds": 0.1}
