"""How each class fares: precision, recall and F1 as one line a class, the worst first."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pipeline.plots import style
from pipeline.results.metrics import ClassScores

MOST_SHOWN = 100
_TALL = 40  # classes beyond which a line each is made thinner
_NAME_INCHES = 2.4
_LEAST_SPAN = 0.1  # of the axis of scores: smaller differences are noise


@style.styled()
def scores(of_classes: Mapping[str, ClassScores]) -> Figure:
    """F1 as a bar, precision and recall as marks on it, of K classes by rising F1; beyond 100 the worst 100.

    A class without an image in the split has no F1 and is left out; a score that is undefined has no mark.
    """
    known = [(score.f1, name, score) for name, score in of_classes.items() if score.images]
    ranked = sorted(known, key=lambda item: item[0] or 0.0)
    shown = ranked[:MOST_SHOWN]
    row = 0.34 if len(shown) <= _TALL else 0.2
    figure, axes = style.figure(8.5, max(2.6, row * len(shown) + 1.5))
    ax = axes[0, 0]
    places = np.arange(len(shown))
    ax.barh(places, [f1 or 0.0 for f1, _, _ in shown], height=0.62, color="#BFD9EA", label="F1")
    for marker, colour, field in (("|", style.RED, "precision"), ("o", style.BLUE, "recall")):
        values = [getattr(score, field) for _, _, score in shown]
        marks = [(value, place) for value, place in zip(values, places, strict=True) if value is not None]
        size = 34 if row > 0.3 else 14
        width = 2.2 if marker == "|" else 0
        ax.scatter(*np.reshape(marks, (-1, 2)).T, s=size * (3 if marker == "|" else 1), marker=marker, color=colour,
                   linewidth=width, zorder=3, clip_on=False)  # fmt: skip
    names = [f"{style.fitted(name, _NAME_INCHES, 10)} ({score.images:,})" for _, name, score in shown]
    ax.set_yticks(places, names, fontsize=10 if row > 0.3 else 7)
    ax.set_ylim(len(shown) - 0.4, -0.6)
    ax.set_xlim(_lowest(shown), 1)
    style.percent_axis(ax.xaxis)
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    ax.spines["left"].set_visible(False)
    left_out = f" (the lowest {MOST_SHOWN} of {len(ranked)})" if len(ranked) > MOST_SHOWN else ""
    ax.set_title(f"Scores by class, lowest F1 first{left_out}", x=0)
    _legend(figure)
    return figure


def _lowest(shown: Sequence[tuple[float | None, str, ClassScores]]) -> float:
    """Where the axis begins: a tenth below all that is drawn, so that differences between good classes are seen."""
    drawn = [
        value for f1, _, score in shown for value in (f1 or 0.0, score.precision, score.recall) if value is not None
    ]
    return max(0.0, min(math.floor(10 * min(drawn, default=0.0) - 0.5) / 10, 1 - _LEAST_SPAN))


def _legend(figure: Figure) -> None:
    handles = [
        Line2D([], [], color="#BFD9EA", linewidth=9, label="F1"),
        Line2D([], [], color=style.RED, marker="|", markersize=12, mew=2.2, linewidth=0, label="precision"),
        Line2D([], [], color=style.BLUE, marker="o", markersize=6, linewidth=0, label="recall"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
