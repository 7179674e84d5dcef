"""Many training steps in one graph call: no Python per step, fused optimizer updates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import keras
import tensorflow as tf

from pipeline.model import augmentation, losses, optimizers
from pipeline.model.adjustable import Adjustable
from pipeline.model.compiled import compiled
from pipeline.model.optimizers import Optimizer

if TYPE_CHECKING:
    from pipeline.params.train_section import Train


@dataclass(frozen=True)
class Steps:
    """A model's training steps, compiled, and the optimizer whose state they change; `begin` before each training.

    `run(inputs (M, …), chosen int64 (B,), labels int64 (B,), weights (B,) or (0,), moves (B, 8) or (0, 8),
    learning_rate)` takes the steps of the B rows of `inputs` that are `chosen`, in that order; returns the sum of the
    losses, float64, and the number of right answers, int64. `weights` are factors of the images' losses, `moves` the
    projective maps of on-the-fly augmentation, none if there are none.
    """

    optimizer: Optimizer
    run: Any
    begin: Callable[[Train], None]

    @classmethod
    def of(cls, model: keras.Model, settings: Train, class_weights: Any = None, weighted: bool = False) -> Self:
        """Steps for all trainings of `model` that have the same `key` as `settings`, and the same `class_weights`.

        Those are float32 (K,), None if an image counts the same whatever its class. `weighted`: images have weights.
        """
        variables = [variable.value for variable in model.trainable_variables]
        adjustable = Adjustable(model)
        kept, given, decay = (tf.Variable(0.0, trainable=False) for _ in range(3))
        smoothing = (kept, given) if settings.label_smoothing else None
        optimizer = optimizers.create(settings.optimizer, variables, decay if settings.weight_decay else None)

        def step(rows: Any, labels: Any, weights: Any, rate: Any) -> tuple[Any, Any]:
            with tf.GradientTape() as tape:
                outputs = adjustable.model(as_input(model, rows), training=True)
                factors = losses.factors(labels, class_weights, weights if weighted else None)
                loss = losses.cross_entropy(labels, outputs, smoothing, factors)
                loss = tf.add_n([loss, *adjustable.model.losses])
            optimizer.apply(_gradients(tape, loss, variables), rate)
            return loss, losses.correct(labels, outputs)

        def begin(settings: Train) -> None:
            optimizer.restart()
            adjustable.read()
            decay.assign(settings.weight_decay)
            for variable, value in zip(
                (kept, given), losses.smoothed(settings.label_smoothing, model.output.shape[-1]), strict=True
            ):
                variable.assign(value)

        return cls(optimizer, compiled(_loop(step, settings.batch_size)), begin)


def key(settings: Train) -> tuple[Any, ...]:
    """What decides the graph of a model's steps; all other settings are read by it."""
    decay, smoothing = settings.weight_decay > 0, settings.label_smoothing > 0
    return settings.optimizer, settings.batch_size, settings.optimizer == "adamw" and decay, smoothing


def _gradients(tape: Any, loss: Any, variables: list[Any]) -> list[Any]:
    """One array a variable: of weights that nothing reads noughts, of tables of embeddings not only the rows read."""
    found = tape.gradient(loss, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return [tf.convert_to_tensor(each) if isinstance(each, tf.IndexedSlices) else each for each in found]


def _loop(step: Any, batch: int) -> Any:
    def run(inputs: Any, chosen: Any, labels: Any, weights: Any, moves: Any, rate: Any) -> tuple[Any, Any]:
        images = tf.shape(labels)[0]
        augmented = tf.shape(moves)[0] > 0

        def body(start: Any, loss_sum: Any, right: Any) -> tuple[Any, Any, Any]:
            rows, answers = tf.gather(inputs, chosen[start : start + batch]), labels[start : start + batch]
            if inputs.dtype == tf.uint8:  # only whole images are ever augmented
                rows = tf.cond(augmented, lambda: augmentation.apply(rows, moves[start : start + batch]), lambda: rows)
            loss, hits = step(rows, answers, weights[start : start + batch], rate)
            count = tf.cast(tf.shape(answers)[0], tf.float64)
            return start + batch, loss_sum + tf.cast(loss, tf.float64) * count, right + hits

        zero = (tf.constant(0), tf.constant(0.0, tf.float64), tf.constant(0, tf.int64))
        _, loss_sum, right = tf.while_loop(lambda start, *_: start < images, body, zero, parallel_iterations=1)
        return loss_sum, right

    return run


def as_input(model: keras.Model, rows: Any) -> Any:
    """Rows in the type of the model's input: activations may be stored in half its width."""
    return tf.cast(rows, model.input.dtype)
