"""What differs between trainings of one network as tensors that a graph reads: no other value has it traced anew.

Dropout rates, L2 penalties, label smoothing and weight decay. Whether there is any is part of the graph, how much is
not; the bits are those of a graph in which the numbers stand.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from pipeline.model import graph


class AdjustableDropout(keras.layers.Layer):  # type: ignore[misc]
    """Drops as `dropout` does, from the same stream of its seed, at the rate that `dropout` had at the last `read`."""

    def __init__(self, dropout: keras.layers.Dropout) -> None:
        super().__init__(name=dropout.name, dtype=dropout.dtype_policy)
        self._dropout = dropout
        self._rate, self._scale = (tf.Variable(0.0, dtype=self.compute_dtype, trainable=False) for _ in range(2))

    def read(self) -> None:
        self._rate.assign(self._dropout.rate)
        self._scale.assign(1 / (1 - self._dropout.rate))

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training:
            return inputs
        uniform = keras.random.uniform(tf.shape(inputs), dtype=inputs.dtype, seed=self._dropout.seed_generator)
        return tf.where(uniform >= self._rate, inputs * self._scale, tf.zeros((), inputs.dtype))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


class AdjustablePenalty(keras.regularizers.Regularizer):  # type: ignore[misc]
    """The L2 penalty of a layer's kernel, as strong as the layer had it at the last `read`."""

    def __init__(self, layer: keras.layers.Layer) -> None:
        self._layer = layer
        self._strength = tf.Variable(0.0, trainable=False)

    def read(self) -> None:
        self._strength.assign(self._layer.kernel_regularizer.l2)

    def __call__(self, kernel: Any) -> Any:
        return self._strength * keras.ops.sum(keras.ops.square(kernel))


class Adjustable:
    """A model to take steps with: it computes what `model` does, on its variables, as its layers are set at `read`."""

    def __init__(self, model: keras.Model) -> None:
        dropouts: list[Any] = []

        def drop(layer: Any, tensor: Any) -> Any:
            dropouts.append(AdjustableDropout(layer))
            return dropouts[-1](tensor)

        inputs = keras.Input(model.input.shape[1:], dtype=model.input.dtype)
        self.model = keras.Model(inputs, graph.replay(model.output, inputs, random=drop), name="adjustable")
        self._parts = [*dropouts, *(_penalty(layer) for layer in model.layers if _penalised(layer))]

    def read(self) -> None:
        for part in self._parts:
            part.read()


def set_layers(model: keras.Model, rates: dict[str, float], l2: float) -> None:
    """Give the dropout layers of a head their `rates`, by name, and its penalties their strength."""
    for layer in model.layers:
        if layer.name in rates:
            layer.rate = rates[layer.name]
        elif _penalised(layer):
            layer.kernel_regularizer.l2 = l2


def _penalised(layer: keras.layers.Layer) -> bool:
    return isinstance(layer, keras.layers.Dense) and isinstance(layer.kernel_regularizer, keras.regularizers.L2)


def _penalty(layer: keras.layers.Layer) -> AdjustablePenalty:
    """One for all models that share the layer: what is traced of the one is read by the other."""
    if not isinstance(layer.kernel.regularizer, AdjustablePenalty):
        layer.kernel.regularizer = AdjustablePenalty(layer)
    penalty: AdjustablePenalty = layer.kernel.regularizer
    return penalty
