"""Random views of training images. A view is a pure function of (seed, image, view): computed anywhere, it is the same.

First the geometry, one projective map per image, as in Keras' ImageDataGenerator: rotation, shear, zoom and shift about
the centre, then mirroring, of a random part of the image; bilinear, the border pixels continued outwards. Then the
colours, then a box is erased.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from pipeline.identity import seeds
from pipeline.model import boxes, colours, draws

if TYPE_CHECKING:
    from pipeline.params.images_section import Augmentation

# What is drawn for a view, by name: its map, operations on colours with their strengths, the box that is erased.
MOVES, OPERATIONS, STRENGTHS, ERASED = "moves", "operations", "strengths", "erased"
_IDENTITY = [1, 0, 0, 0, 1, 0, 0, 0]


def active(settings: Augmentation) -> bool:
    return settings.on_the_fly or settings.views > 0


def drawn(settings: Augmentation, images: Sequence[int], view: int, shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    """What view `view` of images (H, W, C) = `shape` depends on, N rows each: what `apply` takes. View 0 is the image.

    moves float32 (N, 8) are maps from output to input pixel coordinates, as TensorFlow wants them. With changes of
    colour operations int32 (N, S) and strengths float32 (N, S), with erasing boxes erased int32 (N, 4). `images` are N
    integers that identify the images (≥ 0), e.g. from their content's hash.
    """
    rows = [_drawn(settings, image, view, shape) if view else _unchanged(settings) for image in images]
    slots = np.array([changes for _, changes, _ in rows], dtype=np.float64).reshape(len(rows), -1, 2)
    arrays = {MOVES: np.array([move for move, _, _ in rows], dtype=np.float32).reshape(-1, 8)}
    if slots.shape[1]:
        arrays |= {OPERATIONS: slots[..., 0].astype(np.int32), STRENGTHS: slots[..., 1].astype(np.float32)}
    if settings.erasing:
        arrays[ERASED] = np.array([box for _, _, box in rows], dtype=np.int32)
    return arrays


def _unchanged(settings: Augmentation) -> tuple[Any, list[draws.Colour], draws.Box]:
    return _IDENTITY, [draws.NO_CHANGE] * (len(draws.jittered(settings)) + settings.randaugment), draws.NO_BOX


def _drawn(
    settings: Augmentation, image: int, view: int, shape: tuple[int, ...]
) -> tuple[Any, list[draws.Colour], draws.Box]:
    """What is not asked for is not drawn, and each has a stream of its own, so one does not depend on another."""

    def stream(purpose: str) -> np.random.Generator:
        return seeds.generator(settings.seed, purpose, image, view)

    height, width = shape[:2]
    changes = draws.jitter(stream("colours"), settings) if draws.jittered(settings) else []
    of_policy, of_crop, box = None, None, draws.NO_BOX
    if settings.randaugment:
        of_policy, more = draws.policy(stream("policy"), settings, shape)
        changes = [*changes, *more]
    if settings.crop < 1:
        of_crop = draws.crop(stream("crop"), settings.crop, height, width)
    if settings.erasing:
        box = draws.erased(stream("erasing"), settings.erasing, height, width)
    return _map(settings, stream("augmentation"), height, width, of_policy, of_crop), changes, box


def _map(
    settings: Augmentation,
    random: np.random.Generator,
    height: int,
    width: int,
    of_policy: np.ndarray | None,
    of_crop: np.ndarray | None,
) -> np.ndarray:
    angle, shift_y, shift_x, shear, zoom_y, zoom_x = random.uniform(-1, 1, 6)
    turn = np.deg2rad(angle * settings.rotation)
    rotation = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    slant = shear * settings.shear
    shearing = np.array([[1, -np.sin(slant), 0], [0, np.cos(slant), 0], [0, 0, 1]])
    zooming = np.diag([1 + zoom_x * settings.zoom, 1 + zoom_y * settings.zoom, 1])
    shifting = _translation(shift_x * settings.shift * width, shift_y * settings.shift * height)
    mirror = np.diag([-1.0 if settings.flip and random.random() < 0.5 else 1.0, 1, 1])
    centre = _translation((width - 1) / 2, (height - 1) / 2)
    matrix = centre @ rotation @ shifting @ shearing @ zooming @ mirror
    if of_policy is not None:
        matrix = matrix @ of_policy
    matrix = matrix @ np.linalg.inv(centre)
    if of_crop is not None:
        matrix = of_crop @ matrix
    flat: np.ndarray = (matrix / matrix[2, 2]).ravel()[:8]
    return flat


def _translation(x: float, y: float) -> np.ndarray:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]])


def apply(images: Any, changes: Mapping[str, Any]) -> Any:
    """Views of uint8 images (N, H, W, C), uint8, by what was `drawn` for each; rounded after every change."""
    images = _moved(images, changes[MOVES])
    if OPERATIONS in changes:
        images = colours.apply(images, changes[OPERATIONS], changes[STRENGTHS])
    return _erased(images, changes[ERASED]) if ERASED in changes else images


def _moved(images: Any, maps: Any) -> Any:
    moved = tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.cast(images, tf.float32),
        transforms=maps,
        output_shape=tf.shape(images)[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )
    return tf.ensure_shape(tf.cast(tf.round(tf.clip_by_value(moved, 0.0, 255.0)), tf.uint8), images.shape)


def _erased(images: Any, areas: Any) -> Any:
    """In a box of the image's mean colour."""
    height, width = images.shape[1:3]
    totals, count = tf.reduce_sum(tf.cast(images, tf.int64), axis=(1, 2), keepdims=True), height * width
    mean = tf.cast((2 * totals + count) // (2 * count), tf.uint8)
    return tf.where(boxes.within(areas, height, width)[..., None], mean, images)
