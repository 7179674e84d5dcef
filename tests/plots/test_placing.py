"""Names are moved as far as they must, and no further."""

from itertools import combinations

import numpy as np
import pytest

from pipeline.plots import placing


def overlaps(middles: np.ndarray, sizes: np.ndarray) -> int:
    found = 0
    for first, second in combinations(range(len(middles)), 2):
        room = (sizes[first] + sizes[second]) / 2 - np.abs(middles[first] - middles[second])
        found += bool((room > 1e-4).all())
    return found


def test_what_does_not_overlap_stays() -> None:
    middles, sizes = np.array([[0.0, 0.0], [0.0, 1.0], [3.0, 0.0]]), np.full((3, 2), [2.0, 1.0])
    np.testing.assert_array_equal(placing.apart(middles, sizes), middles)


def test_two_in_one_place_move_by_half_each() -> None:
    moved = placing.apart(np.zeros((2, 2)), np.full((2, 2), [2.0, 1.0]))
    np.testing.assert_allclose(moved, [[0, -0.5], [0, 0.5]])


@pytest.mark.parametrize("boxes", [0, 1, 5, 20])
def test_no_two_overlap_however_close_they_were(boxes: int) -> None:
    random = np.random.default_rng(boxes)
    middles, sizes = random.normal(size=(boxes, 2)), np.column_stack([1 + random.random(boxes), np.full(boxes, 0.3)])
    moved = placing.apart(middles, sizes)
    assert overlaps(moved, sizes) == 0
    np.testing.assert_array_equal(moved[:, 0], middles[:, 0])
