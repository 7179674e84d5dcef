"""The plain way, as the published recipes write it: every image through the whole network in every epoch."""

import contextlib
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from pipeline.files import paths, records
from tests.benchmarks.setting import CLASSES


@contextlib.contextmanager
def arithmetic(precision: str) -> Iterator[None]:
    """Networks built within calculate in `precision`, float32 or bfloat16."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if precision == "bfloat16" else "float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def precisions(ours: str) -> list[str]:
    """What the plain way is measured in: float32, as the recipes are published, and what ours is in."""
    return list(dict.fromkeys(["float32", ours]))


def vgg16(unfrozen: int, optimizer: keras.optimizers.Optimizer, dropout: float = 0.0) -> keras.Model:
    """VGG16 without its top, its highest `unfrozen` convolutions trainable, average pooling, Dense 512, Dense 5."""
    base = keras.applications.VGG16(include_top=False, weights=None, input_shape=(160, 160, 3))
    convolutions = [layer for layer in base.layers if "conv" in layer.name]
    for layer in base.layers:
        layer.trainable = layer in convolutions[len(convolutions) - unfrozen :]
    pooled = keras.layers.GlobalAveragePooling2D()(base.output)
    hidden = keras.layers.Dense(512, activation="relu")(pooled)
    hidden = keras.layers.Dropout(dropout)(hidden) if dropout else hidden
    model = keras.Model(base.input, keras.layers.Dense(CLASSES, activation="softmax", dtype="float32")(hidden))
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def dense_head(features: int, units: int, learning_rate: float) -> keras.Model:
    inputs = keras.Input((features,))
    hidden = keras.layers.Dense(units, activation="relu")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(CLASSES, activation="softmax")(hidden))
    model.compile(keras.optimizers.Adam(learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def scaled(split: str) -> tuple[np.ndarray, np.ndarray]:
    """Images float32 in [-1, 1] and labels."""
    images = records.read_npy(paths.images(split)).astype(np.float32) / 127.5 - 1
    return images, records.read_npy(paths.labels(split), memory_map=False)


def fit(model: keras.Model, train: Any, validation: Any, batch_size: int, epochs: int) -> None:
    model.fit(*train, validation_data=validation, batch_size=batch_size, epochs=epochs, verbose=0)
