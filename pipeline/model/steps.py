"""Many training steps in one graph call: no Python per step, fused optimizer updates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import keras
import tensorflow as tf

from pipeline.model import augmentation, losses, mixing, optimizers
from pipeline.model.adjustable import Adjustable
from pipeline.model.averaging import Average
from pipeline.model.compiled import compiled
from pipeline.model.optimizers import Optimizer

if TYPE_CHECKING:
    from pipeline.params.train_section import Train

_READ = (
    "weight_decay",
    "clip_norm",
    "layer_decay",
    "ema",
    "feature_noise",
)  # settings that the graph reads as they are


@dataclass(frozen=True)
class Steps:
    """A model's training steps, compiled, and the optimizer whose state they change; `begin` before each training.

    `run(inputs (M, …), chosen int64 (B,), labels int64 (B,), drawn, learning_rate)` takes the steps of the B rows of
    `inputs` that are `chosen`, in that order; returns the sum of the losses, float64, and the number of right answers,
    int64. `drawn` are arrays of B rows each, by name: how images count, are augmented and mixed.
    """

    optimizer: Optimizer
    average: Average | None
    run: Any
    begin: Callable[[Train], None]

    @classmethod
    def of(
        cls,
        model: keras.Model,
        settings: Train,
        class_weights: Any = None,
        depths: Sequence[int] | None = None,
        spread: Any = None,
    ) -> Self:
        """Steps for all trainings of `model` that have the same `key` as `settings`, and the same of the others.

        `class_weights` are float32 (K,), None if an image counts the same whatever its class. `depths`: of each
        trainable variable, how many times `layer_decay` counts for it; None = never. `spread` float32 (C,) is what
        `feature_noise` is relative to.
        """
        variables = [variable.value for variable in model.trainable_variables]
        adjustable = Adjustable(model)
        read = {name: tf.Variable(0.0, trainable=False) for name in _READ}
        kept, given = (tf.Variable(0.0, trainable=False) for _ in range(2))
        smoothing = (kept, given) if settings.label_smoothing else None
        decay = read["weight_decay"] if settings.weight_decay else None
        optimizer = optimizers.create(settings.optimizer, variables, decay)
        average = Average(model, read["ema"]) if settings.ema else None
        layer_decay = read["layer_decay"] if settings.layer_decay < 1 else None

        def step(rows: Any, labels: Any, drawn: Mapping[str, Any], rate: Any) -> tuple[Any, Any]:
            noise = None if spread is None else read["feature_noise"] * spread
            rows = mixing.changed(as_input(model, rows), drawn, noise)
            with tf.GradientTape() as tape:
                outputs = adjustable.model(rows, training=True)
                loss = _loss(labels, outputs, smoothing, class_weights, drawn)
                loss = tf.add_n([loss, *adjustable.model.losses])
            gradients = _gradients(tape, loss, variables)
            if settings.clip_norm:
                gradients, _ = tf.clip_by_global_norm(gradients, read["clip_norm"])
            optimizer.apply(gradients, rates(rate, layer_decay, depths or [0] * len(variables)))
            if average:
                average.follow()
            return loss, losses.correct(mixing.larger(labels, drawn), outputs)

        def begin(settings: Train) -> None:
            optimizer.restart()
            adjustable.read()
            for name, variable in read.items():
                variable.assign(getattr(settings, name) or 0.0)
            for variable, value in zip(
                (kept, given), losses.smoothed(settings.label_smoothing, model.output.shape[-1]), strict=True
            ):
                variable.assign(value)
            if average:
                average.restart()

        return cls(optimizer, average, compiled(_loop(step, settings.batch_size)), begin)

    @property
    def state(self) -> list[tf.Variable]:
        """All that is remembered between steps, beside the model's variables."""
        return [*self.optimizer.state, *(self.average.state if self.average else [])]

    def averaged(self) -> AbstractContextManager[None]:
        """Within it the model has the weights that are to be evaluated and kept."""
        return self.average.in_place() if self.average else nullcontext()


def key(settings: Train) -> tuple[Any, ...]:
    """What decides the graph of a model's steps; all other settings are read by it."""
    decay, smoothing = settings.weight_decay > 0, settings.label_smoothing > 0
    adapted = (settings.clip_norm is not None, settings.layer_decay < 1, settings.ema > 0, settings.feature_noise > 0)
    return settings.optimizer, settings.batch_size, settings.optimizer == "adamw" and decay, smoothing, *adapted


def _loss(labels: Any, outputs: Any, smoothing: Any, class_weights: Any, drawn: Mapping[str, Any]) -> Any:
    weights = drawn.get(losses.WEIGHTS)
    own = losses.factors(labels, class_weights, weights)
    mixed = mixing.of_labels(labels, drawn)
    if mixed is None:
        return losses.cross_entropy(labels, outputs, smoothing, own)
    others, share = mixed
    of_others = losses.factors(others, class_weights, weights if weights is None else mixing.partners(weights, drawn))
    return losses.cross_entropy(labels, outputs, smoothing, own, (others, of_others, share))


def rates(rate: Any, layer_decay: Any, depths: Sequence[int]) -> list[Any]:
    """Of each variable: `rate`, times `layer_decay` for every layer it is further down; None = `rate` for all.

    Clark et al. 2020 (ELECTRA); Bao et al. 2022 (BEiT).
    """
    if layer_decay is None:
        return [rate] * len(depths)
    of_depth = {depth: rate * tf.pow(layer_decay, float(depth)) if depth else rate for depth in depths}
    return [of_depth[depth] for depth in depths]


def _gradients(tape: Any, loss: Any, variables: list[Any]) -> list[Any]:
    """One array a variable: of weights that nothing reads noughts, of tables of embeddings not only the rows read."""
    found = tape.gradient(loss, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return [tf.convert_to_tensor(each) if isinstance(each, tf.IndexedSlices) else each for each in found]


def _loop(step: Any, batch: int) -> Any:
    def run(inputs: Any, chosen: Any, labels: Any, drawn: Mapping[str, Any], rate: Any) -> tuple[Any, Any]:
        images = tf.shape(labels)[0]

        def body(start: Any, loss_sum: Any, right: Any) -> tuple[Any, Any, Any]:
            rows, answers = tf.gather(inputs, chosen[start : start + batch]), labels[start : start + batch]
            now = {name: values[start : start + batch] for name, values in drawn.items()}
            if augmentation.MOVES in now:
                rows = augmentation.apply(rows, now)
            loss, hits = step(rows, answers, now, rate)
            count = tf.cast(tf.shape(answers)[0], tf.float64)
            return start + batch, loss_sum + tf.cast(loss, tf.float64) * count, right + hits

        zero = (tf.constant(0), tf.constant(0.0, tf.float64), tf.constant(0, tf.int64))
        _, loss_sum, right = tf.while_loop(lambda start, *_: start < images, body, zero, parallel_iterations=1)
        return loss_sum, right

    return run


def as_input(model: keras.Model, rows: Any) -> Any:
    """Rows in the type of the model's input: activations may be stored in half its width."""
    return tf.cast(rows, model.input.dtype)
