"""Which classes are taken for which: the whole matrix, and when it is too large to read, its worst pairs by name."""

from typing import Any

import numpy as np
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure

from pipeline.plots import style
from pipeline.results.metrics import worst_confusions

# Above the first, cells are too small for numbers; above the second, class names too small to read.
NUMBERED_CLASSES = 15
NAMED_CLASSES = 110
WORST_PAIRS = 15
NAME_INCHES = 2.66  # the longest that is written out


@style.styled()
def confusion(matrix: np.ndarray, classes: list[str]) -> Figure:
    """Images of class [row] predicted as class [column], an int array (K, K), with the names of the K classes.

    Colour is the share of the row, so rare classes show as clearly as common ones. Up to `NUMBERED_CLASSES` each cell
    has its count and its share of the row; above, a list beside the matrix names the most frequent confusions.
    """
    count = len(classes)
    side = min(13.5, max(3.4, count * float(np.clip(7 / count, 0.72, 1.1))))
    margin = 1.0 + max(style.width(style.fitted(name, NAME_INCHES)) for name in classes)
    if count <= NUMBERED_CLASSES:
        below = margin if _upright([style.fitted(name, NAME_INCHES) for name in classes], side / count) else 1.0
        figure, axes = style.figure(side + margin, side + below + 0.6)
        _number_cells(axes[0, 0], matrix, side / count)
    else:
        figure, axes = style.figure(side + margin + 7, side + margin, columns=2, width_ratios=[side + margin, 6])
        _list_worst(axes[0, 1], matrix, classes)
    _draw_matrix(axes[0, 0], matrix, classes, side / count)
    right, images = int(matrix.trace()), int(matrix.sum())
    headline = f"{right:,} of {images:,} images right ({100 * right / images:.1f} %)"
    figure.suptitle(headline, x=0.01, ha="left", weight="bold", fontsize=14 if count <= NUMBERED_CLASSES else 22)
    return figure


def _draw_matrix(axes: Any, matrix: np.ndarray, classes: list[str], cell: float) -> None:
    """`cell` is a cell's side, inches."""
    # The power spreads the small shares: a class mistaken one time in twenty is to be seen.
    picture = axes.imshow(_shares(matrix), norm=PowerNorm(0.6, vmin=0, vmax=1), cmap="Blues")
    _bare(axes)
    axes.set_ylabel("real class")
    axes.set_xlabel("predicted class")
    if len(classes) > NUMBERED_CLASSES:
        bar = axes.figure.colorbar(picture, ax=axes, shrink=0.4, aspect=25, anchor=(0, 1), pad=0.02)
        bar.outline.set_visible(False)
        bar.set_label("share of the real class")
        style.percent_axis(bar.ax.yaxis)
    if len(classes) > NAMED_CLASSES:
        return
    names = [style.fitted(name, NAME_INCHES) for name in classes]
    size = float(np.clip(72 * 0.72 * cell, 5, 11))
    axes.set_yticks(range(len(names)), names, fontsize=size)
    axes.set_xticks(range(len(names)), names, fontsize=size, rotation=90 if _upright(names, cell) else 0)


def _upright(names: list[str], cell: float) -> bool:
    return max(map(style.width, names)) > cell


def _shares(matrix: np.ndarray) -> np.ndarray:
    shares: np.ndarray = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    return shares


def _bare(axes: Any) -> None:
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def _number_cells(axes: Any, matrix: np.ndarray, cell: float) -> None:
    shares = _shares(matrix)
    size = 11 if cell < 1 else 14
    for row, column in np.argwhere(matrix):
        share, place = shares[row, column], (column, row)
        ink = "white" if share > 0.4 else style.INK
        axes.annotate(f"{matrix[row, column]:,}", place, ha="center", va="bottom", color=ink, weight="bold", size=size)
        below = {"xytext": (0, -2), "textcoords": "offset points", "ha": "center", "va": "top"}
        axes.annotate(f"{100 * share:.0f} %", place, color=ink, size=size - 2, **below)
    for edge in np.arange(len(matrix) - 1) + 0.5:
        axes.axhline(edge, color="white", linewidth=1.5)
        axes.axvline(edge, color="white", linewidth=1.5)
    axes.set_title("images, and their share of the real class", weight="normal", size=10)


def _list_worst(axes: Any, matrix: np.ndarray, classes: list[str]) -> None:
    """The most frequent confusions as bars, ties in class order."""
    worst = worst_confusions(matrix, WORST_PAIRS)
    axes.set_title("Most frequent confusions (real → predicted)" if worst else "No confusions", size=14)
    _bare(axes)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_ylim(WORST_PAIRS - 0.4, -0.8)
    if not worst:
        return
    counts = [images for _, _, images in worst]
    bars = axes.barh(range(len(worst)), counts, height=0.25, color=style.RED)
    axes.bar_label(bars, labels=[f"{count:,}" for count in counts], padding=4, size=14)
    axes.set_xlim(0, max(counts) * 1.15)
    for place, (real, predicted, _) in enumerate(worst):
        text = " → ".join(style.fitted(classes[c], 2.6, 14) for c in (real, predicted))
        axes.annotate(text, (0, place - 0.2), va="bottom", size=14)
