"""Test images that only one of two networks gets right: where a difference in accuracy comes from."""

import math

import numpy as np
from matplotlib.figure import Figure

from pipeline.plots import style
from pipeline.results.predictions import Predictions

COLUMNS, MOST_EACH = 6, 12
_NAME_INCHES = 1.85  # of two a column


@style.styled()
def draw(images: np.ndarray, first: Predictions, second: Predictions, names: tuple[str, str]) -> Figure:
    """A grid: images uint8 (N, H, W, C), values 0–255, that only the first, then only the second gets right.

    Predictions are of these N images. At most `MOST_EACH` of either kind, evenly spread; the title names the winner.
    """
    right, other = first.correct, second.correct
    chosen = [(i, names[0]) for i in _spread(right & ~other)] + [(i, names[1]) for i in _spread(other & ~right)]
    columns = min(COLUMNS, len(chosen))
    rows = math.ceil(len(chosen) / columns)
    figure, axes = style.figure(max(2.0 * columns, 6), 2.8 * rows + 0.5, rows=rows, columns=columns)
    for place, (index, winner) in zip(axes.flat, chosen, strict=False):
        style.show_image(place, np.asarray(images[index]))
        classes = [first.classes[int(of[index])] for of in (first.labels, first.predicted, second.predicted)]
        text = "\n".join(style.fitted_after(("real: ", "1: ", "2: "), classes, _NAME_INCHES, 10, "bold"))
        colour = style.BLUE if winner == names[0] else style.ORANGE
        place.set_title(text, color=colour, fontsize=10, weight="bold", loc="left", pad=4)
    for empty in axes.flat[len(chosen) :]:
        empty.set_axis_off()
    sides = ((1, names[0], "blue", right & ~other), (2, names[1], "orange", other & ~right))
    lines = [
        f"Right only in {number}: {style.shortened(name, 40)} ({colour}, {int(own.sum())})"
        for number, name, colour, own in sides
    ]
    figure.suptitle("\n".join(lines), x=0.004, ha="left", fontsize=12)
    return figure


def _spread(wanted: np.ndarray) -> list[int]:
    indices = np.flatnonzero(wanted)
    count = min(len(indices), MOST_EACH)
    places = np.linspace(0, len(indices) - 1, count).round().astype(np.int64)
    chosen: list[int] = indices[places].tolist()
    return chosen
