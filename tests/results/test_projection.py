"""Two axes out of many: those along which the images differ most, the same every time."""

import numpy as np
import pytest

from pipeline.results.projection import MOST_IMAGES, principal_plane


def features(images: int, wide: int) -> np.ndarray:
    random = np.random.default_rng(3)
    return random.normal(size=(images, wide)) * np.linspace(5, 0.1, wide) + 7


@pytest.mark.parametrize(("images", "wide"), [(50, 8), (6, 40)])
def test_the_plane_is_that_of_the_largest_singular_values(images: int, wide: int) -> None:
    given = features(images, wide)
    found = principal_plane(given)
    left, singular, loadings = np.linalg.svd(given - given.mean(axis=0), full_matrices=False)
    signs = np.sign(loadings[[0, 1], np.abs(loadings[:2]).argmax(axis=1)])
    plane = left[:, :2] * singular[:2] * signs
    np.testing.assert_allclose(found.coordinates, plane / np.abs(plane).max(), atol=1e-4)
    np.testing.assert_allclose(found.shares, (singular**2 / (singular**2).sum())[:2], atol=1e-4)
    assert found.rows.tolist() == list(range(images))


def test_signs_follow_from_the_features_alone() -> None:
    given = features(30, 5)
    order = np.random.default_rng(1).permutation(30)
    np.testing.assert_allclose(
        principal_plane(given[order]).coordinates, principal_plane(given).coordinates[order], atol=2e-4
    )


@pytest.mark.parametrize("given", [np.ones((1, 3)), np.ones((4, 3)), np.arange(5.0).reshape(5, 1)])
def test_with_less_than_two_directions_the_rest_is_zero(given: np.ndarray) -> None:
    found = principal_plane(given)
    assert found.coordinates.shape == (len(given), 2)
    assert not found.coordinates[:, 1].any()
    assert found.shares[1] == 0
    assert not np.signbit(found.coordinates[:, 1]).any()


def test_of_very_many_images_some_are_taken_from_first_to_last() -> None:
    found = principal_plane(features(MOST_IMAGES * 2, 2))
    assert len(set(found.rows.tolist())) == MOST_IMAGES
    assert (found.rows[0], found.rows[-1]) == (0, 2 * MOST_IMAGES - 1)
