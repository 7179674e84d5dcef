"""Small functional networks: chains, residual additions, dense concatenations, batch norm; vision transformers."""

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
    return _randomized(keras.Model(images, tensor), seed)


def transformer(
    class_token: bool = True, blocks: int = 2, width: int = 4, seed: int = 0, dropout: float = 0.0
) -> keras.Model:
    """A vision transformer of Keras' own layers: uint8 (N, 8, 8, 1) → tokens (N, 4 or 5, width).

    Its layers with weights: patches, class_token if any, norm, attention, norm, dense, dense of each block, last_norm.
    Dosovitskiy et al. 2021, "An Image is Worth 16x16 Words".
    """
    keras.utils.clear_session()
    images = keras.Input((8, 8, 1), dtype="uint8")
    scaled = keras.layers.Rescaling(1 / 255)(images)
    patches = keras.layers.Conv2D(width, 4, 4, name="patches")(scaled)
    tokens = keras.layers.Reshape((4, width))(patches)
    if class_token:
        nought = keras.ops.cast(0 * tokens[:, :1, 0], "int32")
        tokens = keras.layers.Concatenate(axis=1)(
            [keras.layers.Embedding(1, width, name="class_token")(nought), tokens]
        )
    for _ in range(blocks):
        tokens = _transformed(tokens, width, dropout)
    return _randomized(keras.Model(images, keras.layers.LayerNormalization(name="last_norm")(tokens)), seed)


def _transformed(tokens: Any, width: int, dropout: float) -> Any:
    inner = keras.layers.LayerNormalization()(tokens)
    attention = keras.layers.MultiHeadAttention(2, width // 2, dropout=dropout)
    tokens = keras.layers.Add()([tokens, attention(inner, inner)])
    inner = keras.layers.Dense(2 * width, activation="gelu")(keras.layers.LayerNormalization()(tokens))
    return keras.layers.Add()([tokens, keras.layers.Dense(width)(inner)])


def _randomized(model: keras.Model, seed: int) -> keras.Model:
    random = np.random.default_rng(seed)
    for layer in model.layers:
        state = [w for w in layer.weights if "seed" in w.path]
        if not state:
            layer.set_weights(
                [random.uniform(0.2, 1.0, w.shape) * random.choice([1, 0.7]) for w in layer.get_weights()]
            )
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
