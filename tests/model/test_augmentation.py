"""Random views: a pure function of (seed, image, view), the same eagerly and in a graph."""

from collections.abc import Sequence

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from scipy import ndimage

from pipeline.model import augmentation, colours, draws
from pipeline.params.images_section import Augmentation

IMAGES = np.random.default_rng(0).integers(0, 256, (4, 12, 10, 3), dtype=np.uint8)
IDENTITY = np.array([[1, 0, 0, 0, 1, 0, 0, 0]] * 4, np.float32)


def settings(**changes) -> Augmentation:
    nothing = {"rotation": 0.0, "shift": 0.0, "shear": 0.0, "zoom": 0.0, "flip": False, "crop": 1.0}
    nothing |= {"brightness": 0.0, "contrast": 0.0, "saturation": 0.0, "erasing": 0.0}
    nothing |= {"randaugment": 0, "magnitude": 9.0, "seed": 1}
    on_the_fly = changes.get("on_the_fly", False)
    return Augmentation.model_validate({"views": int(not on_the_fly), "on_the_fly": False} | nothing | changes)


def moves(settings: Augmentation, images: Sequence[int], view: int, height: int, width: int) -> np.ndarray:
    return augmentation.drawn(settings, images, view, (height, width, 3))["moves"]


GEOMETRY = settings(rotation=30.0, shift=0.2, shear=0.2, zoom=0.2, flip=True)
EVERYTHING = GEOMETRY.model_copy(
    update={"crop": 0.3, "brightness": 0.4, "contrast": 0.4, "saturation": 0.4, "randaugment": 3, "erasing": 0.5}
)


def test_the_identity_changes_nothing():
    np.testing.assert_array_equal(augmentation.apply(IMAGES, {"moves": IDENTITY}), IMAGES)
    np.testing.assert_array_equal(moves(settings(), range(4), 1, 12, 10), IDENTITY)


def test_a_graph_gives_the_same_bits():
    drawn = augmentation.drawn(EVERYTHING, range(4), 1, (12, 10, 3))
    eager = augmentation.apply(IMAGES, drawn)
    changes = {name: tf.constant(values) for name, values in drawn.items()}
    np.testing.assert_array_equal(tf.function(augmentation.apply)(tf.constant(IMAGES), changes), eager)
    assert eager.dtype == tf.uint8
    assert not np.array_equal(eager, IMAGES)


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def test_a_view_depends_on_seed_image_and_view_alone():
    def drawn(images: list[int], view: int = 2, seed: int = 1) -> dict[str, np.ndarray]:
        return augmentation.drawn(EVERYTHING.model_copy(update={"seed": seed}), images, view, (12, 10, 3))

    alone = drawn([10**17])
    assert alone.keys() == {"moves", "operations", "strengths", "erased"}
    assert same({name: values[1:2] for name, values in drawn([5, 10**17, 7]).items()}, alone)
    assert not any(same(alone, other) for other in (drawn([10**17 + 1]), drawn([10**17], 3), drawn([10**17], seed=2)))


def test_what_is_not_used_changes_nothing_that_is():
    """The views that there were before a setting came are the same after it."""
    before = augmentation.drawn(GEOMETRY, range(50), 1, (12, 10, 3))
    assert before.keys() == {"moves"}
    after = augmentation.drawn(EVERYTHING.model_copy(update={"crop": 1.0, "randaugment": 0}), range(50), 1, (12, 10, 3))
    np.testing.assert_array_equal(after["moves"], before["moves"])


def test_view_0_is_the_image_itself():
    drawn = augmentation.drawn(EVERYTHING, range(4), 0, (12, 10, 3))
    np.testing.assert_array_equal(augmentation.apply(IMAGES, drawn), IMAGES)


def test_mirroring_turns_half_of_the_copies():
    maps = moves(settings(flip=True), range(200), 1, 12, 10)
    mirrored = maps[:, 0] < 0
    assert 60 < mirrored.sum() < 140
    chosen = np.where(mirrored)[0][:1].repeat(4)
    np.testing.assert_array_equal(augmentation.apply(IMAGES, {"moves": maps[chosen]}), IMAGES[:, :, ::-1])


def test_shifts_stay_within_their_share_of_each_side():
    maps = moves(settings(shift=0.25), range(300), 1, 12, 10)
    assert 2 < np.abs(maps[:, 2]).max() <= 2.5
    assert 2.5 < np.abs(maps[:, 5]).max() <= 3


def test_turning_is_about_the_centre_and_within_the_angle():
    maps = moves(settings(rotation=20.0), range(300), 1, 12, 10)
    angles = np.rad2deg(np.arctan2(maps[:, 3], maps[:, 0]))
    assert 18 < np.abs(angles).max() <= 20
    centre = np.array([4.5, 5.5, 1])
    np.testing.assert_allclose(maps[:, :6].reshape(-1, 2, 3) @ centre, centre[:2] + np.zeros((300, 1)), atol=1e-4)


@pytest.mark.parametrize("image", range(4))
def test_pixels_equal_those_of_scipy(image):
    """Bilinear, borders continued; coordinates are (x, y) here and (row, column) there."""
    maps = moves(GEOMETRY, range(4), 1, 12, 10)
    a, b, c, d, e, f = maps[image, :6]
    found = augmentation.apply(IMAGES, {"moves": maps})[image].numpy()
    for channel in range(3):
        expected = ndimage.affine_transform(
            IMAGES[image, :, :, channel].astype(float), [[e, d], [b, a]], [f, c], order=1, mode="nearest"
        )
        assert np.abs(found[:, :, channel] - expected).max() <= 0.51


def test_views_or_on_the_fly_make_it_active():
    assert not augmentation.active(settings(views=0))
    assert augmentation.active(settings(views=1))
    assert augmentation.active(settings(views=0, on_the_fly=True))


# Crops and boxes


@pytest.mark.parametrize(("height", "width"), [(28, 28), (224, 224), (64, 128), (192, 64)])
@pytest.mark.parametrize("smallest", [0.3, 0.5, 0.8, 0.95, 1.0])
def test_a_crop_shows_as_much_of_any_image_as_is_asked_for(height, width, smallest):
    """Of the usual ratios where such a box lies within; else of the image's own, and never less of it."""
    for number in range(200):
        map_ = draws.crop(np.random.default_rng(number), smallest, height, width)
        across, down, left, top = map_[0, 0], map_[1, 1], map_[0, 2], map_[1, 2]
        assert smallest - 1e-9 <= across * down <= 1 + 1e-9
        ratio, own = across / down, across * width / (down * height)
        assert 0.749 < ratio < 1.334 or 0.749 < own < 1.334
        x, y = left - (across - 1) / 2, top - (down - 1) / 2
        assert min(x, y) > -1e-6
        assert (x + across * width < width + 1e-6, y + down * height < height + 1e-6) == (True, True)


def test_a_crop_is_that_part_of_the_image_in_full_size():
    """As Pillow resizes it."""
    image = np.random.default_rng(1).integers(0, 256, (40, 30, 3), dtype=np.uint8)
    areas, ratios = [], []
    for number in range(60):
        drawn = augmentation.drawn(settings(crop=0.2), [number], 1, (40, 30, 3))
        a, _, left, _, e, top, *_ = drawn["moves"][0].astype(float)
        x, y, across, down = left - (a - 1) / 2, top - (e - 1) / 2, a * 30, e * 40
        areas.append(a * e)
        ratios.append(across / down)
        assert min(x, y) > -1e-4
        assert (x + across < 30.001, y + down < 40.001) == (True, True)
        expected = Image.fromarray(image).resize((30, 40), Image.Resampling.BILINEAR, (x, y, x + across, y + down))
        found = augmentation.apply(image[None], drawn)[0].numpy().astype(int)
        assert np.abs(found - np.asarray(expected)).max() <= 2
    assert 0.2 <= min(areas) < 0.35
    assert 0.6 < max(areas) <= 1
    assert 0.749 < min(ratios) < max(ratios) < 1.334


def test_a_box_of_the_mean_colour_is_in_as_many_views_as_wanted():
    drawn = augmentation.drawn(settings(erasing=0.5), range(400), 1, (40, 30, 3))
    top, bottom, left, right = drawn["erased"].T
    there = bottom > top
    assert 150 < there.sum() < 250
    areas = ((bottom - top) * (right - left))[there] / 1200
    assert 0.01 < areas.min() < areas.max() < 0.36
    assert (bottom.max() <= 40, right.max() <= 30) == (True, True)
    image = np.random.default_rng(1).integers(0, 256, (400, 40, 30, 3), dtype=np.uint8)
    found = augmentation.apply(image, drawn).numpy()
    expected = image.copy()
    for number in np.flatnonzero(there):
        mean = np.floor(image[number].reshape(-1, 3).mean(axis=0) + 0.5)
        expected[number, top[number] : bottom[number], left[number] : right[number]] = mean
    np.testing.assert_array_equal(found, expected)


# RandAugment


def test_a_policy_draws_from_all_operations():
    drawn = augmentation.drawn(settings(randaugment=2, magnitude=15.0), range(600), 1, (40, 30, 3))
    assert drawn["operations"].shape == drawn["strengths"].shape == (600, 2)
    assert set(drawn["operations"].ravel()) == set(range(len(colours.OPERATIONS)))
    still = (drawn["moves"] == IDENTITY[0]).all(axis=1)
    assert 0.3 < still.mean() < 0.55  # (9 / 14)² draw no move
    grey = augmentation.drawn(settings(randaugment=2), range(600), 1, (40, 30, 1))
    assert colours.OPERATIONS.index("saturation") not in grey["operations"]


def test_strength_grows_with_the_magnitude_and_none_is_no_change():
    nothing = augmentation.drawn(settings(randaugment=2, magnitude=0.0), range(200), 1, (12, 10, 3))
    np.testing.assert_allclose(nothing["moves"], np.tile(IDENTITY[0], (200, 1)), atol=1e-6)
    always = [colours.OPERATIONS.index(name) for name in ("autocontrast", "equalize")]  # have no magnitude
    few = ~np.isin(nothing["operations"], always).any(axis=1)
    images = np.random.default_rng(2).integers(0, 256, (200, 12, 10, 3), dtype=np.uint8)
    found = augmentation.apply(images, nothing).numpy()
    np.testing.assert_array_equal(found[few], images[few])
    small, large = (
        np.abs(
            augmentation.drawn(settings(randaugment=1, magnitude=m), range(200), 1, (12, 10, 3))["moves"] - IDENTITY[0]
        )
        for m in (5.0, 30.0)
    )
    assert (large >= small - 1e-6).all()
    assert large.max() > 3 * small.max()


def test_grey_images_go_through_all_of_it():
    grey = EVERYTHING.model_copy(update={"saturation": 0.0})
    images = np.random.default_rng(3).integers(0, 256, (60, 12, 10, 1), dtype=np.uint8)
    found = augmentation.apply(images, augmentation.drawn(grey, range(60), 1, (12, 10, 1)))
    assert found.shape == images.shape
    assert not np.array_equal(found, images)
