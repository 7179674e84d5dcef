"""Random views of training images. A view is a pure function of (seed, image, view): computed anywhere, it is the same.

The transform is one projective map per image, as in Keras' ImageDataGenerator: rotation, shear, zoom and shift about
the centre, then mirroring; bilinear, the border pixels continued outwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from pipeline.identity import seeds

if TYPE_CHECKING:
    from pipeline.params.images_section import Augmentation


def active(settings: Augmentation) -> bool:
    return settings.on_the_fly or settings.views > 0


def transforms(settings: Augmentation, images: Sequence[int], view: int, height: int, width: int) -> np.ndarray:
    """The maps of view `view` ≥ 1, float32 (N, 8): from output to input pixel coordinates, as TensorFlow wants them.

    `images` are N integers that identify the images (≥ 0), e.g. from their content's hash.
    """
    streams = (seeds.generator(settings.seed, "augmentation", image, view) for image in images)
    rows = [_transform(settings, random, height, width) for random in streams]
    return np.array(rows, dtype=np.float32).reshape(-1, 8)


def _transform(settings: Augmentation, random: np.random.Generator, height: int, width: int) -> np.ndarray:
    angle, shift_y, shift_x, shear, zoom_y, zoom_x = random.uniform(-1, 1, 6)
    turn = np.deg2rad(angle * settings.rotation)
    rotation = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    slant = shear * settings.shear
    shearing = np.array([[1, -np.sin(slant), 0], [0, np.cos(slant), 0], [0, 0, 1]])
    zooming = np.diag([1 + zoom_x * settings.zoom, 1 + zoom_y * settings.zoom, 1])
    shifting = _translation(shift_x * settings.shift * width, shift_y * settings.shift * height)
    mirror = np.diag([-1.0 if settings.flip and random.random() < 0.5 else 1.0, 1, 1])
    centre = _translation((width - 1) / 2, (height - 1) / 2)
    matrix = centre @ rotation @ shifting @ shearing @ zooming @ mirror @ np.linalg.inv(centre)
    flat: np.ndarray = (matrix / matrix[2, 2]).ravel()[:8]
    return flat


def _translation(x: float, y: float) -> np.ndarray:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]])


def apply(images: Any, maps: Any) -> Any:
    """uint8 images (N, H, W, C) under projective maps (N, 8), rounded to uint8."""
    moved = tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.cast(images, tf.float32),
        transforms=maps,
        output_shape=tf.shape(images)[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )
    return tf.cast(tf.round(tf.clip_by_value(moved, 0.0, 255.0)), tf.uint8)
