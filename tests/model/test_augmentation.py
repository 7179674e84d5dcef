"""Random views: a pure function of (seed, image, view), the same eagerly and in a graph."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from pipeline.model import augmentation
from pipeline.params.images_section import Augmentation

IMAGES = np.random.default_rng(0).integers(0, 256, (4, 12, 10, 3), dtype=np.uint8)
IDENTITY = np.array([[1, 0, 0, 0, 1, 0, 0, 0]] * 4, np.float32)


def settings(**changes) -> Augmentation:
    nothing = {"rotation": 0.0, "shift": 0.0, "shear": 0.0, "zoom": 0.0, "flip": False}
    return Augmentation.model_validate({"views": 1, "on_the_fly": False, "seed": 1} | nothing | changes)


EVERYTHING = settings(rotation=30.0, shift=0.2, shear=0.2, zoom=0.2, flip=True)


def test_the_identity_changes_nothing():
    np.testing.assert_array_equal(augmentation.apply(IMAGES, IDENTITY), IMAGES)
    np.testing.assert_array_equal(augmentation.transforms(settings(), range(4), 1, 12, 10), IDENTITY)


def test_a_graph_gives_the_same_bits():
    maps = augmentation.transforms(EVERYTHING, range(4), 1, 12, 10)
    eager = augmentation.apply(IMAGES, maps)
    np.testing.assert_array_equal(tf.function(augmentation.apply)(tf.constant(IMAGES), tf.constant(maps)), eager)
    assert eager.dtype == tf.uint8
    assert not np.array_equal(eager, IMAGES)


def test_a_view_depends_on_seed_image_and_view_alone():
    together = augmentation.transforms(EVERYTHING, [5, 10**17, 7], 2, 12, 10)
    alone = augmentation.transforms(EVERYTHING, [10**17], 2, 12, 10)
    np.testing.assert_array_equal(together[1:2], alone)
    others = [
        augmentation.transforms(EVERYTHING, [10**17 + 1], 2, 12, 10),
        augmentation.transforms(EVERYTHING, [10**17], 3, 12, 10),
        augmentation.transforms(EVERYTHING.model_copy(update={"seed": 2}), [10**17], 2, 12, 10),
    ]
    assert not any(np.array_equal(alone, other) for other in others)


def test_mirroring_turns_half_of_the_copies():
    maps = augmentation.transforms(settings(flip=True), range(200), 1, 12, 10)
    mirrored = maps[:, 0] < 0
    assert 60 < mirrored.sum() < 140
    chosen = np.where(mirrored)[0][:1].repeat(4)
    np.testing.assert_array_equal(augmentation.apply(IMAGES, maps[chosen]), IMAGES[:, :, ::-1])


def test_shifts_stay_within_their_share_of_each_side():
    maps = augmentation.transforms(settings(shift=0.25), range(300), 1, 12, 10)
    assert 2 < np.abs(maps[:, 2]).max() <= 2.5
    assert 2.5 < np.abs(maps[:, 5]).max() <= 3


def test_turning_is_about_the_centre_and_within_the_angle():
    maps = augmentation.transforms(settings(rotation=20.0), range(300), 1, 12, 10)
    angles = np.rad2deg(np.arctan2(maps[:, 3], maps[:, 0]))
    assert 18 < np.abs(angles).max() <= 20
    centre = np.array([4.5, 5.5, 1])
    np.testing.assert_allclose(maps[:, :6].reshape(-1, 2, 3) @ centre, centre[:2] + np.zeros((300, 1)), atol=1e-4)


@pytest.mark.parametrize("image", range(4))
def test_pixels_equal_those_of_scipy(image):
    """Bilinear, borders continued; coordinates are (x, y) here and (row, column) there."""
    maps = augmentation.transforms(EVERYTHING, range(4), 1, 12, 10)
    a, b, c, d, e, f = maps[image, :6]
    found = augmentation.apply(IMAGES, maps)[image].numpy()
    for channel in range(3):
        expected = ndimage.affine_transform(
            IMAGES[image, :, :, channel].astype(float), [[e, d], [b, a]], [f, c], order=1, mode="nearest"
        )
        assert np.abs(found[:, :, channel] - expected).max() <= 0.51


def test_views_or_on_the_fly_make_it_active():
    assert not augmentation.active(settings(views=0))
    assert augmentation.active(settings(views=1))
    assert augmentation.active(settings(views=0, on_the_fly=True))
