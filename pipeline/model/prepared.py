"""What trainings of one network share: its layers, the graphs traced of it, the activations it is trained on.

Building and tracing take longer than the epochs of a small head, so a process that trains many times keeps them; every
training begins from the same state, and has the bits it has alone.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras

from pipeline.identity import fingerprint
from pipeline.model import adjustable, features, fold_examples, heads, steps
from pipeline.model import fit as fitting
from pipeline.model.assembly import Assembled
from pipeline.model.fit import Examples
from pipeline.model.folds import Fold
from pipeline.model.steps import Steps
from pipeline.results.history import Epoch

if TYPE_CHECKING:
    from pipeline.params.schema import Params
    from pipeline.params.train_section import Train

LARGEST = 1 << 30  # bytes of weights and activations that are kept for the next training
# What only the epochs after a warm-up read, as constants; pooled features have no places to cut from.
JOINT = {
    "learning_rate": 1.0,
    "layer_decay": 1.0,
    "cutmix": 0.0,
    "schedule": "constant",
    "epochs": 1,
    "early_stopping_patience": None,
}


class Prepared:
    """A network as it is initialised, and the examples of its cut, or of a fold; `begin` before each training."""

    def __init__(self, assembled: Assembled, params: Params, root: Path, fold: Fold | None = None) -> None:
        self.assembled, self._params, self._root, self._fold = assembled, params, root, fold
        self._initial = [variable.numpy() for variable in assembled.trained.variables]
        self._steps: dict[tuple[Any, ...], Steps] = {}

    def begin(self, params: Params) -> None:
        """Take the network back to where every training begins, and set it to what is not in its graphs."""
        for variable, value in zip(self.assembled.trained.variables, self._initial, strict=True):
            variable.assign(value)
        adjustable.set_layers(self.assembled.head, heads.dropouts(params.head), params.train.l2)

    @cached_property
    def at_cut(self) -> tuple[Examples, Examples]:
        """Of training and validation, where the network is cut."""
        return self._examples(None)

    @cached_property
    def at_output(self) -> tuple[Examples, Examples]:
        """Of training and validation, where the backbone ends: what its head alone is trained on."""
        return self.at_cut if self.assembled.cut.at_output else self._examples(self.assembled.network.output)

    @cached_property
    def before(self) -> Epoch:
        """Epoch 0. Asked for when the network is as it is initialised."""
        return fitting.before_training(self.assembled.trained, *self.at_cut)

    def steps(self, model: keras.Model, settings: Train) -> Steps:
        """Of `model`, one of `assembled`; traced once for all trainings whose graph is the same."""
        key = (model.name, *steps.key(settings))
        if key not in self._steps:
            train, _ = self.at_cut if model is self.assembled.trained else self.at_output
            depths, spread = self.assembled.depths(model), train.spread(settings)
            self._steps[key] = Steps.of(model, settings, train.class_weights, depths, spread)
        return self._steps[key]

    @property
    def bytes(self) -> int:
        """What it takes in memory, and on the disk for activations that are not stored."""
        of_steps = [variable for each in self._steps.values() for variable in each.state]
        variables = [*self.assembled.full.variables, *self.assembled.trained.variables, *of_steps]
        kept = [examples for name in ("at_cut", "at_output") for examples in self.__dict__.get(name, ())]
        values = sum(int(math.prod(variable.shape)) for variable in variables)
        return 4 * values + sum(int(examples.inputs.nbytes) for examples in kept)

    def _examples(self, cut: Any) -> tuple[Examples, Examples]:
        if self._fold:
            return fold_examples.examples(self._fold, self.assembled, self._params, cut, self._root)
        first, second = (
            features.examples(split, self.assembled, self._params, cut, self._root) for split in fingerprint.SPLITS
        )
        return first, second


class Kept(threading.local):
    """The latest networks that were trained in this thread, of LARGEST bytes altogether, or only the last one."""

    def __init__(self) -> None:
        self._networks: OrderedDict[str, Prepared] = OrderedDict()

    def get(self, key: str, build: Callable[[], Prepared]) -> Prepared:
        network = self._networks.pop(key, None)
        wanted = network.bytes if network else 0
        while self._networks and sum(int(other.bytes) for other in self._networks.values()) + wanted > LARGEST:
            self._networks.popitem(last=False)
        self._networks[key] = network or build()
        return self._networks[key]

    @property
    def latest(self) -> Prepared:
        """The one that was asked for last."""
        return self._networks[next(reversed(self._networks))]

    def clear(self) -> None:
        self._networks.clear()


def key(params: Params, root: Path) -> str:
    """The name of all trainings that share a network: what only steps, graphs' tensors or the loop read is left out."""
    train = {
        "optimizer": "sgd",
        "batch_size": 1,
        "weight_decay": 0.0,
        "label_smoothing": 0.0,
        "clip_norm": None,
        "ema": 0.0,
        "mixup": 0.0,
        "feature_noise": 0.0,
        "l2": float(params.train.l2 > 0),
        "warmup_epochs": 0,
        "warmup_learning_rate": 1.0,
        **JOINT,
    }
    rates = [0.5 if rate else 0.0 for rate in heads.dropout_rates(params.head)]
    return fingerprint.of_project(changed(params, head={"dropout": rates}, train=train), root)


def changed(params: Params, **sections: dict[str, Any]) -> Params:
    """`params` with other values of some sections' keys, to be named by: they need not be legal."""
    parts = {name: getattr(params, name).model_copy(update=values) for name, values in sections.items()}
    return params.model_copy(update=parts)
