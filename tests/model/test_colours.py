"""Colours are changed as Pillow changes them, to a rounding."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from pipeline.model import colours

STRENGTHS = {
    "nothing": [0.0],
    "brightness": [0.0, 0.3, 1.7],
    "contrast": [0.0, 0.3, 1.7],
    "saturation": [0.0, 0.3, 1.7],
    "sharpness": [0.0, 0.3, 1.7],
    "posterize": [1.0, 4.0, 16.0],
    "solarize": [0.0, 100.0, 256.0],
    "autocontrast": [0.0],
    "equalize": [0.0],
}
PILLOW: dict[str, Callable[[Image.Image, float], Image.Image]] = {
    "nothing": lambda image, _: image,
    "brightness": lambda image, factor: ImageEnhance.Brightness(image).enhance(factor),
    "contrast": lambda image, factor: ImageEnhance.Contrast(image).enhance(factor),
    "saturation": lambda image, factor: ImageEnhance.Color(image).enhance(factor),
    "sharpness": lambda image, factor: ImageEnhance.Sharpness(image).enhance(factor),
    "posterize": lambda image, step: ImageOps.posterize(image, 8 - int(np.log2(step))),
    "solarize": lambda image, threshold: ImageOps.solarize(image, int(threshold)),
    "autocontrast": lambda image, _: ImageOps.autocontrast(image),
    "equalize": lambda image, _: ImageOps.equalize(image),
}


def pictures(channels: int) -> np.ndarray:
    """Noise of a narrow range, smooth, of one colour, of two."""
    random = np.random.default_rng(channels)
    noise = random.normal(120, 25, (32, 24, channels))
    smooth = np.add.outer(np.arange(32) * 3, np.arange(24) * 4)[..., None] + 20 * np.arange(channels)
    plain, two = np.full((32, 24, channels), 77), np.where(np.arange(24) < 9, 10, 201)[None, :, None]
    several = [noise, smooth, plain, np.broadcast_to(two, plain.shape)]
    return np.clip(np.round(several), 0, 255).astype(np.uint8)


def test_there_is_one_for_each_operation():
    assert tuple(STRENGTHS) == tuple(PILLOW) == colours.OPERATIONS


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("operation", colours.OPERATIONS)
def test_pixels_equal_those_of_pillow(operation, channels):
    images, number = pictures(channels), colours.OPERATIONS.index(operation)
    for strength in STRENGTHS[operation]:
        drawn = np.full((4, 1), number, np.int32), np.full((4, 1), strength, np.float32)
        found = colours.apply(images, *drawn).numpy().astype(int)
        for image, result in zip(images, found, strict=True):
            picture = Image.fromarray(image[..., 0] if channels == 1 else image)
            expected = np.asarray(PILLOW[operation](picture, strength)).astype(int).reshape(image.shape)
            assert np.abs(result - expected).max() <= 1, (operation, strength)


def test_one_after_the_other_and_each_image_its_own():
    images = pictures(3)
    numbers = np.array([[1, 6], [6, 1], [0, 0], [8, 2]], np.int32)
    strengths = np.array([[1.5, 100], [100, 1.5], [0, 0], [0, 0.5]], np.float32)
    together = colours.apply(images, numbers, strengths).numpy()
    np.testing.assert_array_equal(together[2], images[2])
    for image in range(4):
        alone = images[image : image + 1]
        for slot in range(2):
            at = (slice(image, image + 1), slice(slot, slot + 1))
            alone = colours.apply(alone, numbers[at], strengths[at]).numpy()
        np.testing.assert_array_equal(together[image], alone[0])


def test_a_picture_without_an_inside_is_not_sharpened():
    images = np.arange(8, dtype=np.uint8).reshape(1, 2, 4, 1)
    sharp = np.full((1, 1), colours.OPERATIONS.index("sharpness"), np.int32)
    np.testing.assert_array_equal(colours.apply(images, sharp, np.full((1, 1), 2.0, np.float32)), images)
