"""Where in an image a network saw the class it names: Grad-CAM, from its last feature map.

Selvaraju et al. 2017, "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization".
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from pipeline.process.errors import DataError

Look = Callable[[np.ndarray], np.ndarray]  # uint8 (N, H, W, C) → float32 (N, h, w), 0 to 1 where it speaks most
_LOGITS = "logits"


def looking(model: Any) -> Look:
    """What `model` (Keras, uint8 (N, H, W, C) → probabilities, with a layer "logits") looks at, for its surest class.

    Raises DataError if it has no feature map: nothing in it knows places.
    """
    import tensorflow as tf

    below, above = _parts(model)

    def look(images: np.ndarray) -> np.ndarray:
        maps = below(images, training=False)
        with tf.GradientTape() as tape:
            tape.watch(maps)
            score = _surest(above(maps, training=False))
        weights = tf.reduce_mean(tape.gradient(score, maps), axis=(1, 2), keepdims=True)
        heat = np.asarray(tf.nn.relu(tf.reduce_sum(tf.cast(weights * maps, tf.float32), axis=-1)))
        most = heat.max(axis=(1, 2), keepdims=True)
        scaled: np.ndarray = np.divide(heat, most, out=np.zeros_like(heat), where=most > 0)
        return scaled

    return look


def _surest(logits: Any) -> Any:
    """The logit of the surest class (N,), of K classes or of two that share one."""
    import tensorflow as tf

    return tf.abs(logits[:, 0]) if logits.shape[-1] == 1 else tf.reduce_max(logits, axis=-1)


def _parts(model: Any) -> tuple[Any, Any]:
    """Images → the last feature map (N, h, w, D), and from it to the logits."""
    import keras

    twin = type(model).from_config(model.get_config())  # whose layers are called once: their outputs are of this graph
    twin.set_weights(model.get_weights())
    maps = [layer.output for layer in twin.layers[1:] if len(layer.output.shape) == 4]
    if not maps:
        raise DataError(f"--why: {model.name} has no feature map (N, H, W, D): nothing in it knows places")
    return keras.Model(twin.inputs[0], maps[-1]), keras.Model(maps[-1], twin.get_layer(_LOGITS).output)
