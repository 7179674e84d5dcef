"""Training: one loop for the pipeline's stage and every trial of a sweep.

Many steps run in one graph call. The order of images is a pure function of (seed, epoch), so an epoch needs nothing
but the state at its start, and a run resumed after a kill ends with the bytes of an undisturbed one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from pipeline.identity import seeds
from pipeline.model import checkpoints, chunks, graph, losses, mixing, schedules
from pipeline.model.compiled import compiled
from pipeline.model.selection import Selection
from pipeline.model.step import as_input
from pipeline.model.steps import Steps
from pipeline.process.errors import HerbariumError
from pipeline.results import history
from pipeline.results.history import Epoch

if TYPE_CHECKING:
    from pipeline.params.train_section import Train

BLOCK_BYTES = 1 << 28  # activations handed to one graph call; larger ones stay on disk until their turn
EVALUATION_BATCH = 128


class TrainingDivergedError(HerbariumError):
    """The loss is not a number."""


@dataclass(frozen=True)
class Examples:
    """Inputs of the trained part and their labels.

    `inputs` (N, …), or ((V+1)·N, …) when each image has V augmented views: view v of image i is row v·N + i, the
    image itself being view 0. May be memory-mapped. `labels` int64 (N,).
    `class_weights` float32 (K,) is how much an image of each class counts in the loss; None = all the same.
    `weights` float32 (N,) is how much each image counts beside, as a factor; None = all the same.
    `transforms` gives, for an epoch, what is drawn for on-the-fly augmentation, N rows each; None = none.
    """

    inputs: np.ndarray | Selection
    labels: np.ndarray
    transforms: Callable[[int], Mapping[str, np.ndarray]] | None = None
    class_weights: np.ndarray | None = None
    weights: np.ndarray | None = None

    @property
    def views(self) -> int:
        return len(self.inputs) // len(self.labels) - 1

    @cached_property
    def resident(self) -> Any:
        """All inputs as one tensor, handed over once for all epochs; None if they are more than a block."""
        return tf.constant(np.asarray(self.inputs)) if self.inputs.nbytes <= BLOCK_BYTES else None

    def spread(self, settings: Train) -> np.ndarray | None:
        """The deviation float32 (C,) that `feature_noise` is relative to, views left out; None if there is no noise."""
        return self._spread if settings.feature_noise else None

    @cached_property
    def _spread(self) -> np.ndarray:
        return mixing.spread(self.inputs, len(self.labels))

    def rows(self, chosen: np.ndarray) -> tuple[Any, Any]:
        """A tensor, and where the `chosen` rows (B,) are in it, int64 (B,)."""
        if self.resident is not None:
            return self.resident, tf.constant(chosen)
        return tf.constant(self.inputs[chosen]), tf.range(len(chosen), dtype=tf.int64)


@dataclass(frozen=True)
class Phase:
    """A stretch of training at one learning-rate schedule; epochs are numbered on from `first_epoch`."""

    epochs: int
    learning_rate: float
    schedule: str
    patience: int | None
    first_epoch: int = 1

    def rate(self, epoch: int) -> float:
        """The learning rate of `epoch` (numbered over the whole run)."""
        return self.learning_rate * schedules.factor(self.schedule, epoch - self.first_epoch, self.epochs)

    @property
    def last_epoch(self) -> int:
        return self.first_epoch + self.epochs - 1


def fit(
    model: keras.Model,
    train: Examples,
    validation: Examples,
    settings: Train,
    phase: Phase,
    on_epoch: Callable[[Epoch], None] = lambda _: None,
    checkpoint: Path | None = None,
    steps: Steps | None = None,
) -> list[Epoch]:
    """Train `model` (inputs → logits) for a phase; returns its epochs and leaves the kept epoch's weights in `model`.

    With `phase.patience` the epoch of lowest validation loss is kept, else the last; if the weights are averaged, the
    average is what is evaluated and kept. `checkpoint` names a file that
    is written after every epoch and resumed from if it is there. `steps` are those of `model`, if it has taken some
    before. Raises TrainingDivergedError if a loss or weight is not finite.
    """
    steps = steps or Steps.of(model, settings, train.class_weights, spread=train.spread(settings))
    steps.begin(settings)
    state = checkpoints.State([v.value for v in model.variables], steps.state, checkpoint)
    epochs = state.restore()
    for epoch in epochs:
        on_epoch(epoch)
    for number in range(phase.first_epoch + len(epochs), phase.last_epoch + 1):
        if _exhausted(epochs, phase.patience):
            break
        rate = phase.rate(number)
        train_loss, train_accuracy = run_epoch(steps, train, settings, number, rate)
        with steps.averaged():
            epoch = Epoch(number, train_loss, train_accuracy, *evaluate(model, validation), rate)
            _check_finite(epoch, model)
            epochs.append(epoch)
            if history.best(epochs) is epoch:
                state.keep()
        state.save(epochs)
        on_epoch(epoch)
    if phase.patience is not None:
        state.restore_best()
    elif steps.average:
        steps.average.settle()
    return epochs


def before_training(model: keras.Model, train: Examples, validation: Examples) -> Epoch:
    """Epoch 0: the network as it is initialised, evaluated on both splits (training images without augmentation)."""
    return Epoch(0, *evaluate(model, train), *evaluate(model, validation), 0.0)


def evaluate(model: keras.Model, examples: Examples) -> tuple[float, float]:
    """Mean cross-entropy in nats, and accuracy 0–1, without dropout, smoothing, penalties or augmented views."""
    return losses.score(logits(model, examples.inputs, len(examples.labels)), examples.labels)


def logits(model: keras.Model, inputs: np.ndarray | Selection, count: int | None = None) -> np.ndarray:
    """Logits float32 (N, K), or (N, 1), of inputs (N, …) in inference mode; `count`: of the first so many only."""
    if not hasattr(model, "inference"):
        model.inference = compiled(lambda rows: model(as_input(model, rows), training=False))
        model.batch = chunks.images_at_once(graph.nodes(model.output), EVALUATION_BATCH)
    end = len(inputs) if count is None else count
    parts = (slice(start, min(start + model.batch, end)) for start in range(0, end, model.batch))
    return np.concatenate([model.inference(tf.constant(inputs[part])).numpy() for part in parts])


def order(seed: int, epoch: int, examples: Examples) -> np.ndarray:
    """Rows of `inputs` in the order of an epoch, int64 (N,): every image once, in one of its views at random."""
    images = len(examples.labels)
    permutation = seeds.generator(seed, "order", epoch).permutation(images)
    views = seeds.generator(seed, "views", epoch).integers(0, examples.views + 1, images)
    return permutation + views * images


def run_epoch(steps: Steps, train: Examples, settings: Train, epoch: int, rate: float) -> tuple[float, float]:
    """Take the steps of one epoch; returns the mean training loss and accuracy over it, dropout included."""
    rows = order(settings.seed, epoch, train)
    row_bytes = train.inputs[:1].nbytes
    block = max(1, BLOCK_BYTES // row_bytes // settings.batch_size) * settings.batch_size
    drawn = mixing.drawn(settings, epoch, len(rows), train.inputs.shape[1:])
    if train.weights is not None:
        drawn[losses.WEIGHTS] = train.weights[rows % len(train.labels)]
    if train.transforms:
        drawn |= {name: values[rows % len(train.labels)] for name, values in train.transforms(epoch).items()}
    loss_sum, right = 0.0, 0
    for start in range(0, len(rows), block):
        chosen = rows[start : start + block]
        images = chosen % len(train.labels)
        now = {name: tf.constant(values[start : start + block]) for name, values in drawn.items()}
        labels = tf.constant(train.labels[images])
        block_loss, block_right = steps.run(*train.rows(chosen), labels, now, tf.constant(rate, tf.float32))
        loss_sum, right = loss_sum + float(block_loss), right + int(block_right)
    return loss_sum / len(rows), right / len(rows)


def _exhausted(epochs: list[Epoch], patience: int | None) -> bool:
    if patience is None or not epochs:
        return False
    return epochs[-1].epoch - history.best(epochs).epoch >= patience


def _check_finite(epoch: Epoch, model: keras.Model) -> None:
    # Not the losses alone: in a graph, relu makes 0 of NaN, and a network with dead weights has a finite loss.
    weights_finite = all(bool(tf.reduce_all(tf.math.is_finite(v))) for v in model.trainable_variables)
    if not (math.isfinite(epoch.train_loss) and math.isfinite(epoch.validation_loss) and weights_finite):
        raise TrainingDivergedError(
            f"training diverged in epoch {epoch.epoch}: train loss {epoch.train_loss}, validation loss"
            f" {epoch.validation_loss}, weights {'' if weights_finite else 'not '}finite;"
            f" lower train.learning_rate (now {epoch.learning_rate:g})"
        )
