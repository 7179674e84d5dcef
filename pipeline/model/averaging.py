"""A moving average of the weights, which is evaluated and kept in their place: smoother than the last step's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf


class Average:
    """The exponential moving average of all that `model` learns (Polyak & Juditsky 1992).

    `decay` is a float32 scalar; in step n it is at most (1 + n) / (10 + n), as in TensorFlow's own with `num_updates`,
    so that where training began is soon forgotten. Statistics of batch normalization are averaged as the weights are.
    """

    def __init__(self, model: keras.Model, decay: Any) -> None:
        normalizations = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
        statistics = [weight for layer in normalizations for weight in layer.non_trainable_weights]
        self._weights = [weight.value for weight in [*model.trainable_weights, *statistics]]
        self._averages = [tf.Variable(weight, trainable=False) for weight in self._weights]
        self._decay, self._steps = decay, tf.Variable(0.0, trainable=False)

    @property
    def state(self) -> list[tf.Variable]:
        """All it remembers between steps."""
        return [*self._averages, self._steps]

    def restart(self) -> None:
        """Begin at the weights as they are."""
        self._steps.assign(0.0)
        self._give(self._averages, self._weights)

    def follow(self) -> None:
        """Take in the weights after a step."""
        step = self._steps.assign_add(1.0)
        share = 1.0 - tf.minimum(self._decay, (1.0 + step) / (10.0 + step))
        for average, weight in zip(self._averages, self._weights, strict=True):
            average.assign_sub((average - weight) * share)

    def settle(self) -> None:
        """Put the average in the weights' place."""
        self._give(self._weights, self._averages)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Within it the average is in the weights' place."""
        trained = [tf.identity(weight) for weight in self._weights]
        self.settle()
        try:
            yield
        finally:
            self._give(self._weights, trained)

    @staticmethod
    def _give(variables: list[tf.Variable], values: list[Any]) -> None:
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
