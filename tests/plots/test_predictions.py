"""A grid of answers, whatever the shape of the images."""

import numpy as np
import pytest

from pipeline.plots.predictions import predictions


@pytest.mark.parametrize(("height", "width"), [(60, 20), (20, 60), (30, 30)])
def test_what_is_said_above_an_image_stays_in_its_place(height, width):
    images = np.zeros((12, height, width, 3), np.uint8)
    probabilities = np.full((12, 2), [0.9, 0.1])
    figure = predictions(images, np.arange(12) % 2, probabilities, ["Löwenzahn, groß und klein", "dandelion, tall"])
    figure.draw_without_rendering()
    said = [
        next(t for t in axes.get_children() if str(getattr(t, "get_text", str)()).startswith("real"))
        for axes in figure.axes
    ]
    ends = [text.get_window_extent().x1 for text in said[:6]]
    starts = [text.get_window_extent().x0 for text in said[1:6]]
    assert all(end <= limit for end, limit in zip(ends, [*starts, figure.bbox.x1], strict=True))
