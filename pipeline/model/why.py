"""Where in an image a network saw the class it names: Grad-CAM, from its last feature map or tokens.

Selvaraju et al. 2017, "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from pipeline.identity import seeds
from pipeline.model import chunks, graph

Look = Callable[[np.ndarray], np.ndarray]  # uint8 (N, H, W, C) → float32 (N, h, w), 0 to 1 where it speaks most
_LOGITS = "logits"
_DECIMALS = 3  # the last bits depend on the processor, and no eye sees a thousandth
_MOST_OTHERS = 8  # tokens in front that stand for no place: one for the class, registers


def looking(model: keras.Model) -> Look | None:
    """What `model` (uint8 (N, H, W, C) → probabilities, with a layer "logits") looks at, for its surest class.

    None if nothing in it knows places: it has no feature map and no tokens.
    """
    nodes = graph.nodes(model.output)
    logits = next(node.output for node in nodes if node.name == _LOGITS)
    for position in reversed(graph.articulations(nodes)[1:]):
        tensor = nodes[position].output
        grid = _grid(tensor.shape, model.input_shape)
        if grid is None:
            continue
        above = keras.Model(tensor, logits)
        if len(tensor.shape) == 4 or _decides_by_places(above, grid):
            below, size = keras.Model(model.inputs[0], tensor), chunks.images_at_once(nodes)
            return lambda images: np.concatenate(
                [
                    _heat(below(images[start : start + size], training=False), above, grid)
                    for start in range(0, len(images), size)
                ]
            )
    return None


def _grid(shape: tuple[int, ...], pixels: tuple[int, ...]) -> tuple[int, int] | None:
    """Rows and columns of the places of a map (N, h, w, D) or of tokens (N, T, D); None if they are no places.

    The places of tokens have the proportions of the image's `pixels` (N, H, W, C) and come last.
    """
    if len(shape) == 4:
        return (shape[1], shape[2]) if shape[1] * shape[2] > 1 else None
    if len(shape) != 3 or not shape[1]:
        return None
    height, width = pixels[1:3]
    for places in range(shape[1], max(shape[1] - _MOST_OTHERS, 4) - 1, -1):
        rows = round(math.sqrt(places * height / width))
        columns = places // max(rows, 1)
        if rows * columns == places and rows * width == columns * height:
            return rows, columns
    return None


def _decides_by_places(above: keras.Model, grid: tuple[int, int]) -> bool:
    """Whether more than the other tokens counts: on top of the last block it is the class token alone."""
    values = seeds.generator(0, "does the place count").normal(size=(1, *above.input_shape[1:])).astype(np.float32)
    _, gradient = _gradient(tf.constant(values), above)
    return bool(np.any(_places(gradient, grid)))


def _heat(maps: Any, above: keras.Model, grid: tuple[int, int]) -> np.ndarray:
    """float32 (N, h, w), of each image 1 where it is hottest; 0 everywhere where nothing speaks for the class."""
    maps, gradient = _gradient(maps, above)
    weights = _places(gradient, grid).mean(axis=(1, 2), keepdims=True)
    heat = np.maximum((weights * _places(maps, grid)).sum(axis=-1), 0)
    most = heat.max(axis=(1, 2), keepdims=True)
    scaled: np.ndarray = np.divide(heat, most, out=np.zeros_like(heat), where=most > 0)
    return scaled.round(_DECIMALS)


def _gradient(maps: Any, above: keras.Model) -> tuple[np.ndarray, np.ndarray]:
    """`maps`, and how the logit of the surest class changes with them; of two classes that share one, its distance."""
    with tf.GradientTape() as tape:
        tape.watch(maps)
        logits = above(maps, training=False)
        score = tf.abs(logits[:, 0]) if logits.shape[-1] == 1 else tf.reduce_max(logits, axis=-1)
    return tf.cast(maps, tf.float32).numpy(), tf.cast(tape.gradient(score, maps), tf.float32).numpy()


def _places(values: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """float32 (N, h, w, D) of a map, or of the tokens that stand for places."""
    if values.ndim == 4:
        return values
    places: np.ndarray = values[:, values.shape[1] - grid[0] * grid[1] :].reshape(len(values), *grid, -1)
    return places
