"""Pictures of what is said of images: every name is whole, and stands on no image."""

import numpy as np
import pytest
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from pipeline.plots import answers, style

WHOLE = 1  # pixels


@pytest.mark.parametrize("count", [1, 2, 4, 6, 10, 24])
@pytest.mark.parametrize("size", [(64, 64), (96, 64), (64, 96)])
@pytest.mark.parametrize("known", [True, False])
def test_names_are_whole_and_beside_images(count: int, size: tuple[int, int], known: bool) -> None:
    image = np.zeros((*size, 3), np.uint8)
    shares = {f"class {number}": 0.2 for number in range(5)}
    drawn = answers.answers([answers.Example(f"{number} gÜy.jpg", image, shares, known) for number in range(count)])
    drawn.set_dpi(style.DPI)
    drawn.draw_without_rendering()
    images = [axes.get_window_extent() for axes in drawn.axes if axes.images]
    texts = [child for axes in drawn.axes for child in axes.get_children() if isinstance(child, Text)]
    texts = [text for text in texts if text.get_text()]
    assert len(texts) == count * (6 if known else 7)
    for title in (text.get_window_extent() for text in texts):
        assert inside(title, drawn.bbox)
        assert not any(overlap(title, box) for box in images)


def inside(box: Bbox, other: Bbox) -> bool:
    return box.y0 >= -WHOLE and box.x0 >= -WHOLE and box.x1 <= other.x1 + WHOLE and box.y1 <= other.y1 + WHOLE


def overlap(box: Bbox, other: Bbox) -> bool:
    common = Bbox.intersection(box, other)
    return common is not None and common.width > WHOLE and common.height > WHOLE
