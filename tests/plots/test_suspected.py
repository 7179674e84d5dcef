"""The picture of suspected labels: all that is written on it is on it."""

import matplotlib.image
import numpy as np
import pytest

from pipeline.plots import style, suspected


@pytest.mark.parametrize("count", [1, 5, 24])
def test_the_titles_of_the_first_row_are_not_cut(tmp_path, count):
    image = np.zeros((64, 64, 3), np.uint8)
    names = ["tulip/16265883604_92be82b973.jpg"] * count
    style.save(suspected.draw([image] * count, [("tulip", "rose")] * count, names), tmp_path / "s.png")
    drawn = matplotlib.image.imread(tmp_path / "s.png")[..., :3]
    assert (drawn[0] == 1).all()
    assert not (drawn == 1).all()
