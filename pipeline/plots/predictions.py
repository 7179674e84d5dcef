"""Test images with what they are and what the network took them for: the surest mistakes first."""

import math

import numpy as np
from matplotlib.figure import Figure

from pipeline.plots import style
from pipeline.results.metrics import surest_mistakes

COLUMNS = 6
MOST_WRONG, MOST_SHOWN = 18, 24
_NAME_INCHES = 1.85  # of two a column


def choose(labels: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indices (int64) of the images to show: wrong ones, surest first, and right ones, evenly spread over the split.

    `labels` int64 (N,), `probabilities` (N, K). At most `MOST_WRONG` wrong ones, `MOST_SHOWN` in all.
    """
    wrong = surest_mistakes(labels, probabilities)[:MOST_WRONG]
    right = np.flatnonzero(probabilities.argmax(axis=1) == labels)
    room = min(len(right), MOST_SHOWN - len(wrong))
    return wrong, right[np.linspace(0, len(right) - 1, room).round().astype(np.int64)]


@style.styled()
def predictions(images: np.ndarray, labels: np.ndarray, probabilities: np.ndarray, classes: list[str]) -> Figure:
    """A grid of test images, each with its real and predicted class and the prediction's probability.

    `images`: uint8 (N, H, W, C), values 0–255, C 1 or 3, possibly memory-mapped: only the chosen are read. `labels`
    int64 (N,); `probabilities` (N, K). Blue is right, red is wrong.
    """
    predicted = probabilities.argmax(axis=1)
    chosen = np.concatenate(choose(labels, probabilities))
    columns = min(COLUMNS, len(chosen))
    rows = math.ceil(len(chosen) / columns)
    figure, axes = style.figure(max(2.0 * columns, 6), 2.6 * rows + 0.5, rows=rows, columns=columns)
    for place, index in zip(axes.flat, chosen, strict=False):
        style.show_image(place, np.asarray(images[index]))
        right = predicted[index] == labels[index]
        said = (("real: ", labels[index]), ("pred: ", predicted[index]))
        names = [style.fitted(classes[c], _NAME_INCHES, 10, "bold", before) for before, c in said]
        chance = f"{100 * probabilities[index].max():.0f} %"
        text = "\n".join([*names, chance])
        place.set_title(text, color=style.BLUE if right else style.RED, fontsize=10, weight="bold", loc="left", pad=4)
    for empty in axes.flat[len(chosen) :]:
        empty.set_axis_off()
    errors = int((predicted != labels).sum())
    figure.suptitle(_headline(errors, len(labels)), x=0.004, ha="left", weight="bold", fontsize=14)
    return figure


def _headline(errors: int, images: int) -> str:
    if not errors:
        return f"All {images:,} test images right: a sample"
    first = "" if errors == 1 else ", the surest mistakes first"
    return f"{errors:,} of {images:,} test images wrong (red){first}"
