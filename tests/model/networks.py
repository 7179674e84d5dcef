"""Random small functional networks: chains, residual additions, dense concatenations, with and without batch norm."""

from typing import Any

import keras
import numpy as np
from hypothesis import strategies as st

_STEP = st.sampled_from(["conv", "depthwise", "separable", "norm", "relu", "dense", "dropout"])
_BLOCK = st.one_of(
    st.tuples(st.just("chain"), st.lists(_STEP, min_size=1, max_size=3)),
    st.tuples(st.just("add"), st.lists(_STEP, min_size=1, max_size=3)),
    st.tuples(st.just("concatenate"), st.lists(_STEP, min_size=1, max_size=3)),
    st.tuples(st.just("pool"), st.just([])),
)
descriptions = st.lists(_BLOCK, min_size=1, max_size=4)


def build(description: list[tuple[str, list[str]]], seed: int) -> keras.Model:
    """A network from uint8 images (N, 8, 8, 1) to a feature map, every weight random and far from its initial value."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    images = keras.Input((8, 8, 1), dtype="uint8")
    tensor = keras.layers.Rescaling(1 / 255)(images)
    for kind, steps in description:
        tensor = _block(tensor, kind, steps)
    model = keras.Model(images, tensor)
    random = np.random.default_rng(seed)
    for layer in model.layers:
        layer.set_weights([random.uniform(0.2, 1.0, w.shape) * random.choice([1, 0.7]) for w in layer.get_weights()])
    return model


def _block(tensor: Any, kind: str, steps: list[str]) -> Any:
    if kind == "pool":
        return keras.layers.MaxPooling2D(padding="same")(tensor)
    branch = tensor
    for step in steps:
        branch = _step(branch, step)
    if kind == "chain":
        return branch
    return (keras.layers.Add if kind == "add" else keras.layers.Concatenate)()([tensor, branch])


def _step(tensor: Any, step: str) -> Any:
    channels = tensor.shape[-1]
    layers = keras.layers
    return {
        "conv": lambda: layers.Conv2D(channels, 3, padding="same", activation="tanh"),
        "depthwise": lambda: layers.DepthwiseConv2D(3, padding="same", activation="tanh"),
        "separable": lambda: layers.SeparableConv2D(channels, 3, padding="same", activation="tanh"),
        "norm": layers.BatchNormalization,
        "relu": layers.ReLU,
        "dense": lambda: layers.Dense(channels, activation="tanh"),
        "dropout": lambda: layers.Dropout(0.5),
    }[step]()(tensor)


def countable(network: keras.Model) -> list[str]:
    """Names of the layers with weights to train, batch normalization aside."""
    layers = [layer for layer in network.layers if layer.trainable_weights]
    return [layer.name for layer in layers if not isinstance(layer, keras.layers.BatchNormalization)]
