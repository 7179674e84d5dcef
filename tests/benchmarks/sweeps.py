"""A sweep against the plain Optuna loop and KerasTuner's random search: the same space, budget and images.

Theirs push every image through the whole network in every epoch of every trial. Of each number of unfrozen layers one
trial of theirs is measured for two epochs; every epoch counts as long as its second.
"""

import time
from collections.abc import Callable
from typing import Any

import keras
import keras_tuner
import optuna

from pipeline.files import features_index
from pipeline.model import extraction
from pipeline.params.schema import Params
from pipeline.results import trials
from pipeline.sweep import command, plans
from tests.benchmarks import plain
from tests.benchmarks.cases import PHOTOGRAPHS, RECIPE, Row, against, seconds
from tests.benchmarks.setting import VGG16, parameters, project

TRIALS = 8
SPACE = {
    "train.learning_rate": {"low": 1e-5, "high": 1e-3, "log": True},
    "train.optimizer": {"choices": ["momentum", "rmsprop", "adam"]},
    "head.dropout": {"low": 0.0, "high": 0.6},
}
LAYERS = {"train.unfrozen_layers": {"low": 0, "high": 3}}
OPTIMIZERS = {
    "momentum": lambda rate: keras.optimizers.SGD(rate, momentum=0.9),
    "rmsprop": keras.optimizers.RMSprop,
    "adam": keras.optimizers.Adam,
}
Search = Callable[[int, Params, keras.callbacks.Callback], None]


class Clock(keras.callbacks.Callback):
    """When each epoch began, and the seconds of the last.

    It begins with its first step: what tf.data waits for before that (several seconds, more with every epoch) is not
    counted.
    """

    def __init__(self) -> None:
        super().__init__()
        self.began: list[float] = []

    def __deepcopy__(self, memo: dict[int, Any]) -> "Clock":
        return self  # KerasTuner trains with a copy of its callbacks: this one is to be read afterwards

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if batch == 0:
            self.began.append(time.perf_counter())

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.last = time.perf_counter() - self.began[-1]


def frozen(precision: str) -> list[Row]:
    """Nothing unfrozen, as many images as tf-flowers-vgg16 has, its 20 epochs; theirs scaled from a tenth of them."""
    params = _params(precision, SPACE, {"backbone": {"max_unfrozen_layers": 0}})
    scale = sum(RECIPE.values()) / sum(PHOTOGRAPHS.values())
    ours, unfrozen = _ours(params, RECIPE)
    aims = dict.fromkeys(plain.precisions(precision), "≥ 200")
    return _rows(f"sweep, frozen VGG16, 8 trials of 20 epochs, {precision}", params, ours, unfrozen, scale, aims)


def mixed(precision: str) -> list[Row]:
    """0 to 3 layers unfrozen, 8 epochs."""
    changes = {"backbone": {"max_unfrozen_layers": 3}, "train": {"epochs": 8}}
    params = _params(precision, SPACE | LAYERS, changes)
    ours, unfrozen = _ours(params, PHOTOGRAPHS)
    aims = {"float32": {"float32": "≥ 6"}, "bfloat16": {"float32": "≥ 15 with AMX", "bfloat16": ""}}[precision]
    return _rows(f"sweep, 0–3 layers unfrozen, 8 trials of 8 epochs, {precision}", params, ours, unfrozen, 1.0, aims)


def _params(precision: str, space: dict[str, Any], changes: dict[str, dict[str, Any]]) -> Params:
    sweep = {"trials": TRIALS, "sampler": "random", "pruner": "none", "audit_top": 0, "space": space}
    return parameters(VGG16, changes, {"compute": {"precision": precision}, "sweep": sweep})


def _ours(params: Params, images: dict[str, int]) -> tuple[float, list[int]]:
    """Seconds of a whole sweep, MLflow and figures included, whose activations are there; and what it unfroze."""
    with project(params, images):
        features_index.write(extraction.extract(params))
        plan = plans.of(params)
        taken = seconds(lambda: command.run(plan, quiet=True))
        done = plan.trials()
    assert [trial.state for trial in done] == [trials.COMPLETE] * TRIALS
    return taken, [int(trial.values.get("train.unfrozen_layers", 0)) for trial in done]


def _rows(name: str, params: Params, ours: float, unfrozen: list[int], scale: float, aims: dict[str, str]) -> list[Row]:
    """Ours against both of theirs, in each of the precisions that `aims` has; KerasTuner knows float32 only."""
    rows = []
    with project(params, PHOTOGRAPHS):
        for precision, aim in aims.items():
            for other, search in {"a plain Optuna loop": optuna_loop, "KerasTuner": random_search}.items():
                if (search, precision) == (random_search, "bfloat16"):
                    continue  # it clears the session, and the precision with it, before it builds a network
                with plain.arithmetic(precision):
                    of_layers = {layers: _trial(search, layers, params, scale) for layers in sorted(set(unfrozen))}
                theirs = sum(of_layers[layers] for layers in unfrozen)
                said = f"{name}, against {other}{against(params.compute.precision, precision)}"
                rows.append(Row(said, theirs, ours, theirs / ours, aim, scaled=True))
    return rows


def _trial(search: Search, unfrozen: int, params: Params, scale: float) -> float:
    """Seconds of one of their trials, from the second of its epochs."""
    clock, began = Clock(), time.perf_counter()
    search(unfrozen, params, clock)
    return clock.began[0] - began + params.train.epochs * clock.last * scale


def optuna_loop(unfrozen: int, params: Params, clock: keras.callbacks.Callback) -> None:
    def objective(trial: optuna.Trial) -> float:
        rate = trial.suggest_float("learning_rate", 1e-5, 1e-3, log=True)
        optimizer = OPTIMIZERS[trial.suggest_categorical("optimizer", list(OPTIMIZERS))](rate)
        model = plain.vgg16(unfrozen, optimizer, trial.suggest_float("dropout", 0.0, 0.6))
        model.fit(*plain.scaled("train"), **_fitting(params, clock))
        return float(model.history.history["val_accuracy"][-1])

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=1))
    study.optimize(objective, n_trials=1)


def random_search(unfrozen: int, params: Params, clock: keras.callbacks.Callback) -> None:
    def build(choice: keras_tuner.HyperParameters) -> keras.Model:
        rate = choice.Float("learning_rate", 1e-5, 1e-3, sampling="log")
        optimizer = OPTIMIZERS[choice.Choice("optimizer", list(OPTIMIZERS))](rate)
        return plain.vgg16(unfrozen, optimizer, choice.Float("dropout", 0.0, 0.6))

    tuner = keras_tuner.RandomSearch(
        build, "val_accuracy", max_trials=1, seed=1, directory=".", project_name="tuner", overwrite=True
    )
    tuner.search(*plain.scaled("train"), **_fitting(params, clock))


def _fitting(params: Params, clock: keras.callbacks.Callback) -> dict[str, Any]:
    return {
        "validation_data": plain.scaled("validation"),
        "batch_size": params.train.batch_size,
        "epochs": 2,
        "verbose": 0,
        "callbacks": [clock],
    }
