"""Small copies keep their proportions, and what is small stays as it is."""

import numpy as np
import pytest

from pipeline.data.thumbnails import LONGER_SIDE, thumbnail


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((512, 1024, 3), (128, 256, 3)),
        ((1024, 100, 1), (256, 25, 1)),
        ((5000, 3, 3), (256, 1, 3)),
        ((256, 256, 3), (256, 256, 3)),
        ((7, 5, 1), (7, 5, 1)),
    ],
)
def test_the_longer_side_is_bounded(shape, expected):
    image = np.full(shape, 77, np.uint8)
    small = thumbnail(image)
    assert small.shape == expected
    assert small.dtype == np.uint8
    assert (small == 77).all()
    assert (small is image) == (max(shape) <= LONGER_SIDE)
