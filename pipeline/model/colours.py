"""Changes of an image's colours as Pillow has them, in whole numbers or single products: the same bits everywhere.

Each is a function of an image, float32 (H, W, C) of whole numbers 0 to 255, and a strength, float32. Their numbers, in
the order of OPERATIONS, are what a view's random draws say.
"""

from functools import cache, partial
from typing import Any

import tensorflow as tf


def apply(images: Any, operations: Any, strengths: Any) -> Any:
    """uint8 images (N, H, W, C) after `operations` int32 (N, S), one after the other, each of its strength (N, S)."""
    return _compiled(tuple(images.shape[1:]), operations.shape[1])(images, operations, strengths)


def _one(image: Any, operations: Any, strengths: Any) -> Any:
    image = tf.cast(image, tf.float32)
    for slot in range(operations.shape[0]):
        branches = [partial(change, image, strengths[slot]) for change in _CHANGES]
        changed = tf.switch_case(operations[slot], branches)
        image = tf.ensure_shape(tf.round(tf.clip_by_value(changed, 0.0, 255.0)), image.shape)
    return tf.cast(image, tf.uint8)


@cache
def _compiled(shape: tuple[int, ...], slots: int) -> Any:
    """One graph for all batches of such images."""
    image = tf.TensorSpec(shape, tf.uint8)

    def run(images: Any, operations: Any, strengths: Any) -> Any:
        return tf.map_fn(lambda one: _one(*one), (images, operations, strengths), fn_output_signature=image)

    drawn = [tf.TensorSpec((None, slots), dtype) for dtype in (tf.int32, tf.float32)]
    return tf.function(run, [tf.TensorSpec((None, *shape), tf.uint8), *drawn], autograph=False)


def _nothing(image: Any, _: Any) -> Any:
    return image


def _brightness(image: Any, factor: Any) -> Any:
    return image * factor


def _contrast(image: Any, factor: Any) -> Any:
    """About the mean of its grey, a whole number."""
    total, count = tf.reduce_sum(tf.cast(_grey(image), tf.int64)), tf.cast(tf.size(image[..., :1]), tf.int64)
    mean = tf.cast((2 * total + count) // (2 * count), tf.float32)
    return mean + factor * (image - mean)


def _saturation(image: Any, factor: Any) -> Any:
    grey = _grey(image)
    return grey + factor * (image - grey)


def _sharpness(image: Any, factor: Any) -> Any:
    """About the image smoothed: each pixel counts 5, its neighbours 1. The border stays as it is."""
    height, width = image.shape[:2]
    if min(height, width) < 3:
        return image
    whole = tf.cast(image, tf.int32)
    inner = 4 * whole[1:-1, 1:-1]
    for row in range(3):
        for column in range(3):
            inner += whole[row : height - 2 + row, column : width - 2 + column]
    smooth = tf.cast((2 * inner + 13) // 26, tf.float32)
    changed = smooth + factor * (image[1:-1, 1:-1] - smooth)
    middle = tf.concat([image[1:-1, :1], changed, image[1:-1, -1:]], axis=1)
    return tf.concat([image[:1], middle, image[-1:]], axis=0)


def _posterize(image: Any, step: Any) -> Any:
    """To multiples of `step`, a power of two."""
    return tf.cast(tf.cast(image, tf.int32) // tf.cast(step, tf.int32) * tf.cast(step, tf.int32), tf.float32)


def _solarize(image: Any, threshold: Any) -> Any:
    return tf.where(image < threshold, image, 255.0 - image)


def _autocontrast(image: Any, _: Any) -> Any:
    whole = tf.cast(image, tf.int32)
    low, high = tf.reduce_min(whole, axis=(0, 1)), tf.reduce_max(whole, axis=(0, 1))
    stretched = (whole - low) * 255 // tf.maximum(high - low, 1)
    return tf.cast(tf.where(high > low, stretched, whole), tf.float32)


def _equalize(image: Any, _: Any) -> Any:
    """So that each channel's values are about equally many."""
    channels = image.shape[-1]
    whole = tf.reshape(tf.cast(image, tf.int32), [-1, channels]) + 256 * tf.range(channels)
    counts = tf.math.unsorted_segment_sum(tf.ones_like(whole), whole, 256 * channels)
    counts = tf.reshape(counts, [channels, 256])
    largest = tf.reduce_max(tf.where(counts > 0, tf.range(256)[None], 0), axis=1)
    step = (tf.shape(whole)[0] - tf.gather(counts, largest, batch_dims=1)) // 255
    spread = (step[:, None] // 2 + tf.cumsum(counts, axis=1, exclusive=True)) // tf.maximum(step, 1)[:, None]
    table = tf.where(step[:, None] > 0, tf.minimum(spread, 255), tf.range(256)[None])
    return tf.cast(tf.reshape(tf.gather(tf.reshape(table, [-1]), whole), tf.shape(image)), tf.float32)


def _grey(image: Any) -> Any:
    """(H, W, 1), in the weights of Pillow's, ITU-R 601-2; of one channel, that."""
    if image.shape[-1] == 1:
        return image
    red, green, blue = tf.unstack(tf.cast(image, tf.int32), axis=-1)
    return tf.cast((red * 19595 + green * 38470 + blue * 7471 + 0x8000) // 65536, tf.float32)[..., None]


_CHANGES = (
    _nothing,
    _brightness,
    _contrast,
    _saturation,
    _sharpness,
    _posterize,
    _solarize,
    _autocontrast,
    _equalize,
)
OPERATIONS = tuple(change.__name__.removeprefix("_") for change in _CHANGES)
