"""Test images with what they are and what the network took them for: the surest mistakes first."""

import math
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from pipeline.plots import style
from pipeline.results.metrics import surest_mistakes

COLUMNS = 6
MOST_WRONG, MOST_SHOWN = 18, 24
_NAME_INCHES = 1.85  # of two a column


def choose(
    labels: np.ndarray, probabilities: np.ndarray, most_wrong: int = MOST_WRONG, most_shown: int = MOST_SHOWN
) -> tuple[np.ndarray, np.ndarray]:
    """Indices (int64) of the images to show: wrong ones, surest first, and right ones, evenly spread over the split.

    `labels` int64 (N,), `probabilities` (N, K). At most `most_wrong` wrong ones, `most_shown` in all.
    """
    wrong = surest_mistakes(labels, probabilities)[:most_wrong]
    right = np.flatnonzero(probabilities.argmax(axis=1) == labels)
    room = min(len(right), most_shown - len(wrong))
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
        title(place, labels[index], probabilities[index], classes)
    for empty in axes.flat[len(chosen) :]:
        empty.set_axis_off()
    errors = int((predicted != labels).sum())
    figure.suptitle(_headline(errors, len(labels)), x=0.004, ha="left", weight="bold", fontsize=14)
    return figure


def title(axes: Any, label: int, probabilities: np.ndarray, classes: list[str]) -> None:
    """Say above an image what it is and what it was taken for; `probabilities`: (K,). Blue is right, red is wrong.

    The words begin above its left edge, so a narrow image goes to the left of its place.
    """
    axes.set_anchor("W")
    predicted = probabilities.argmax()
    said = ("real: ", "pred: "), (classes[label], classes[predicted])
    names = style.fitted_after(*said, _NAME_INCHES, 10, "bold")
    text = "\n".join([*names, f"{100 * probabilities.max():.0f} %"])
    colour = style.BLUE if predicted == label else style.RED
    axes.set_title(text, color=colour, fontsize=10, weight="bold", loc="left", pad=4)


def _headline(errors: int, images: int) -> str:
    if not errors:
        return f"All {images:,} test images right: a sample"
    first = "" if errors == 1 else ", the surest mistakes first"
    return f"{errors:,} of {images:,} test images wrong (red){first}"
