"""One training step as a graph has it: loss, gradients, optimizer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from pipeline.model import losses, mixing
from pipeline.model.averaging import Average
from pipeline.model.optimizers import Optimizer


@dataclass(frozen=True)
class Step:
    """One step of `model` on its trainable `variables`.

    Numbers are float32 scalars that the graph reads; None = there is no smoothing, clipping or decay in it. `depths`,
    `class_weights` and `spread` are as in `Steps.of`.
    """

    model: keras.Model
    variables: Sequence[Any]
    optimizer: Optimizer
    average: Average | None
    smoothing: tuple[Any, Any] | None
    clip_norm: Any
    layer_decay: Any
    depths: Sequence[int]
    class_weights: Any
    feature_noise: Any
    spread: Any

    def __call__(self, rows: Any, labels: Any, drawn: Mapping[str, Any], rate: Any) -> tuple[Any, Any]:
        """The mean loss of B rows, and how many of them are right."""
        noise = None if self.spread is None else self.feature_noise * self.spread
        rows = mixing.changed(as_input(self.model, rows), drawn, noise)
        with tf.GradientTape() as tape:
            outputs = self.model(rows, training=True)
            loss = _loss(labels, outputs, self.smoothing, self.class_weights, drawn)
            loss = tf.add_n([loss, *self.model.losses])
        gradients = _gradients(tape, loss, self.variables)
        if self.clip_norm is not None:
            gradients, _ = tf.clip_by_global_norm(gradients, self.clip_norm)
        self.optimizer.apply(gradients, _rates(rate, self.layer_decay, self.depths))
        if self.average:
            self.average.follow()
        return loss, losses.correct(mixing.larger(labels, drawn), outputs)


def as_input(model: keras.Model, rows: Any) -> Any:
    """Rows in the type of the model's input: activations may be stored in half its width."""
    return tf.cast(rows, model.input.dtype)


def _rates(rate: Any, layer_decay: Any, depths: Sequence[int]) -> list[Any]:
    """Of each variable: `rate`, times `layer_decay` for every layer it is further down; None = `rate` for all.

    Clark et al. 2020 (ELECTRA); Bao et al. 2022 (BEiT).
    """
    if layer_decay is None:
        return [rate] * len(depths)
    of_depth = {depth: rate * tf.pow(layer_decay, float(depth)) if depth else rate for depth in depths}
    return [of_depth[depth] for depth in depths]


def _loss(labels: Any, outputs: Any, smoothing: Any, class_weights: Any, drawn: Mapping[str, Any]) -> Any:
    weights = drawn.get(losses.WEIGHTS)
    own = losses.factors(labels, class_weights, weights)
    mixed = mixing.of_labels(labels, drawn)
    if mixed is None:
        return losses.cross_entropy(labels, outputs, smoothing, own)
    others, share = mixed
    of_others = losses.factors(others, class_weights, weights if weights is None else mixing.partners(weights, drawn))
    return losses.cross_entropy(labels, outputs, smoothing, own, (others, of_others, share))


def _gradients(tape: Any, loss: Any, variables: Sequence[Any]) -> list[Any]:
    """One array a variable: of weights that nothing reads noughts, of tables of embeddings not only the rows read."""
    found = tape.gradient(loss, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return [tf.convert_to_tensor(each) if isinstance(each, tf.IndexedSlices) else each for each in found]
