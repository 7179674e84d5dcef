"""Boxes in pictures, as arrays of their edges: top, bottom, left, right, the second and fourth no longer within."""

from typing import Any

import tensorflow as tf


def within(boxes: Any, height: int, width: int) -> Any:
    """Whether each pixel is within its image's box: bool (N, height, width), of int32 (N, 4)."""
    top, bottom, left, right = (edge[:, None] for edge in tf.unstack(boxes, axis=1))
    rows, columns = tf.range(height)[None], tf.range(width)[None]
    return ((rows >= top) & (rows < bottom))[:, :, None] & ((columns >= left) & (columns < right))[:, None, :]
