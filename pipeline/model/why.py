"""Where in an image a network saw the class it names: Grad-CAM, from its last feature map.

Selvaraju et al. 2017, "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from pipeline.model import chunks, graph

Look = Callable[[np.ndarray], np.ndarray]  # uint8 (N, H, W, C) → float32 (N, h, w), 0 to 1 where it speaks most
_LOGITS = "logits"
_DECIMALS = 3  # the last bits depend on the processor, and no eye sees a thousandth


def looking(model: keras.Model) -> Look | None:
    """What `model` (uint8 (N, H, W, C) → probabilities, with a layer "logits") looks at, for its surest class.

    None if it has no feature map: nothing in it knows places.
    """
    nodes = graph.nodes(model.output)
    maps = [node.output for node in nodes[1:] if len(node.output.shape) == 4]
    if not maps:
        return None
    logits = next(node.output for node in nodes if node.name == _LOGITS)
    below, above = keras.Model(model.inputs[0], maps[-1]), keras.Model(maps[-1], logits)
    size = chunks.images_at_once(nodes)

    def look(images: np.ndarray) -> np.ndarray:
        parts = [images[start : start + size] for start in range(0, len(images), size)]
        return np.concatenate([_heat(below(part, training=False), above) for part in parts])

    return look


def _heat(maps: Any, above: keras.Model) -> np.ndarray:
    """float32 (N, h, w), of each image 1 where it is hottest; 0 everywhere where nothing speaks for the class."""
    with tf.GradientTape() as tape:
        tape.watch(maps)
        score = _surest(above(maps, training=False))
    weights = tf.reduce_mean(tape.gradient(score, maps), axis=(1, 2), keepdims=True)
    heat = np.asarray(tf.nn.relu(tf.reduce_sum(tf.cast(weights * maps, tf.float32), axis=-1)))
    most = heat.max(axis=(1, 2), keepdims=True)
    scaled: np.ndarray = np.divide(heat, most, out=np.zeros_like(heat), where=most > 0)
    return scaled.round(_DECIMALS)


def _surest(logits: Any) -> Any:
    """The logit of the surest class (N,), of K classes or of two that share one."""
    return tf.abs(logits[:, 0]) if logits.shape[-1] == 1 else tf.reduce_max(logits, axis=-1)
