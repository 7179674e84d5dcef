"""The variance of rounding is that of values evenly spread over a step."""

import numpy as np
import pytest

from pipeline.results import rounding


@pytest.mark.parametrize("images", [1, 180, 10_000])
def test_it_is_that_of_what_counting_images_takes_away(images):
    values = np.linspace(0, 1, 1_000_001)
    lost = values - np.round(values * images) / images
    assert rounding.variance(1 / images) == pytest.approx(lost.var(), rel=1e-3)
