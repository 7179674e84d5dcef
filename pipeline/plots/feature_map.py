"""What the network sees as alike: test images in the plane of their features, coloured by class, mistakes ringed."""

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure

from pipeline.plots import placing, style
from pipeline.results.projection import Projection

_WIDTH = 9  # inches
_DISTINCT = 10  # colours that are told apart at a glance
_LINES = 1.9  # a name's height with its box, in sizes of its letters
_NAMED, _WORST = 20, 12  # up to so many classes each has its name in the picture; of more, so many of the worst
# Okabe & Ito (2008), darker yellow for dots on white, and three that stay apart from them.
_COLOURS = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#8C6D00",
    "#6A3D9A",
    "#7F7F7F",
    "#B15928",
    "#1B1B1B",
)


@style.styled()
def feature_map(projection: Projection, labels: np.ndarray, predicted: np.ndarray, classes: list[str]) -> Figure:
    """`labels`, `predicted`: int64 (N,), class indices into the K `classes`; the projection's rows are shown.

    The name of a class stands at the middle of its images; of more than 20 classes only the 12 most often mistaken
    have one.
    """
    labels, predicted = labels[projection.rows], predicted[projection.rows]
    x, y = projection.coordinates.T
    shape = float(np.ptp(y)) / (float(np.ptp(x)) or 1.0)
    figure, axes = style.figure(_WIDTH, _WIDTH * float(np.clip(shape, 0.2, 1)) + 1.3)
    ax = axes[0, 0]
    colours = _colours(len(classes))
    wrong = labels != predicted
    area = float(np.clip(9000 / len(labels), 9, 46))
    ax.scatter(x, y, s=area, c=[colours[label] for label in labels], alpha=0.75, linewidth=0)
    ax.scatter(x[wrong], y[wrong], s=2.6 * area, facecolor="none", edgecolor=style.RED, linewidth=1.3)
    middles = {
        label: np.median(projection.coordinates[labels == label], axis=0)
        for label in _named(labels, wrong, len(classes))
    }
    _names(ax, [classes[label] for label in middles], list(middles.values()), [colours[label] for label in middles])
    ax.set_aspect("equal")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.grid(visible=False)
    first, second = projection.shares
    ax.set_xlabel(f"first principal component ({100 * first:.0f} % of the variance)")
    ax.set_ylabel(f"second ({100 * second:.0f} %)")
    _title(ax, len(labels), int(wrong.sum()), len(middles) if len(classes) > _NAMED else 0)
    return figure


def _title(axes: Any, images: int, wrong: int, worst: int) -> None:
    """`worst`: how many classes are named of which most are not."""
    which = "class" if worst == 1 else f"{worst} classes"
    named = f"; the {which} most often mistaken named" if worst else ""
    axes.set_title("What the network sees as alike", pad=24)
    text = f"{images:,} test images by the features before the last layer; {wrong:,} mistakes ringed{named}"
    axes.annotate(text, (0, 1), xytext=(0, 8), xycoords="axes fraction", textcoords="offset points", size=10)


def _colours(classes: int) -> list[Any]:
    if classes <= _DISTINCT:
        return list(_COLOURS[:classes])
    # Neighbours in the list get hues far apart.
    hues = [colormaps["hsv"]((index * 0.618034) % 1) for index in range(classes)]
    return [tuple(0.85 * part for part in hue[:3]) for hue in hues]


def _named(labels: np.ndarray, wrong: np.ndarray, classes: int) -> list[int]:
    if classes <= _NAMED:
        return [int(label) for label in np.unique(labels)]
    mistakes = np.bincount(labels[wrong], minlength=classes)
    return [int(label) for label in np.argsort(-mistakes, kind="stable")[:_WORST] if mistakes[label]]


def _names(axes: Any, names: list[str], middles: list[np.ndarray], colours: list[Any]) -> None:
    """Each name at the middle of its images, or as near to it as the others and the picture's edges leave room."""
    size = 10 if len(names) <= _DISTINCT else 8
    texts = [style.fitted(name, 2.0, size, "bold") for name in names]
    left, right = axes.get_xlim()
    inch = (right - left) / _WIDTH * 1.1  # the axes are a little narrower than the figure
    sizes = inch * np.array([(style.width(text, size, "bold") + 0.2, _LINES * size / 72) for text in texts])
    places = np.array(middles).reshape(-1, 2)
    half = np.minimum(sizes[:, :1], right - left).ravel() / 2 if len(sizes) else np.empty(0)
    places[:, 0] = np.clip(places[:, 0], left + half, right - half)
    for text, place, colour in zip(texts, placing.apart(places, sizes), colours, strict=True):
        box = {"facecolor": "white", "alpha": 0.85, "edgecolor": colour, "boxstyle": "round,pad=0.25", "linewidth": 1.5}
        shown = axes.annotate(text, place, ha="center", va="center", size=size, weight="bold", bbox=box)
        shown.set_in_layout(False)  # a name at the edge must not squeeze the picture
