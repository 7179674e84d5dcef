"""Trials by their parameters: side by side, one axis a parameter and one line a trial, or one panel a parameter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from pipeline.plots import style

_TICKS = 5
_LEAST_SPAN = 0.01  # of results: trials that are equal have no scale of their own
_LETTERS_INCHES = 1.9  # of an axis' name and its choices


@dataclass(frozen=True)
class Axis:
    """A parameter: its name, and `choices`, or the range from `low` to `high`, on a scale of ratios if `log`, of whole
    numbers if `whole`."""

    name: str
    low: float = 0.0
    high: float = 1.0
    log: bool = False
    whole: bool = False
    choices: Sequence[str] = ()

    def place(self, value: Any) -> float:
        """Where a value is, 0–1."""
        if self.choices:
            return list(self.choices).index(str(value)) / max(1, len(self.choices) - 1)
        low, high, at = (np.log(v) if self.log else v for v in (self.low, self.high, float(value)))
        return float((at - low) / (high - low)) if high > low else 0.5

    def ticks(self) -> list[tuple[float, str]]:
        """(place, words) of what is written beside it."""
        if self.choices:
            return [(self.place(choice), choice) for choice in self.choices]
        values = np.geomspace(self.low, self.high, _TICKS) if self.log else np.linspace(self.low, self.high, _TICKS)
        if self.whole:
            values = np.unique(values.round())
        return [(self.place(value), f"{value:.3g}") for value in values]


Tried = tuple[Mapping[str, Any], float | None]
"""A trial: its values by the axes' names, and its result; None of one that was pruned or failed."""


@style.styled()
def parallel(axes: Sequence[Axis], trials: Sequence[Tried], figure_of_merit: str) -> Figure:
    """A line a trial, its colour how well it did; thin and grey without a result. At least one has one."""
    figure, made = style.figure(max(8.0, 1.0 + 2.2 * len(axes)), 5.0)
    ax = made[0, 0]
    known = sorted(result for _, result in trials if result is not None)
    colour = ScalarMappable(Normalize(known[0], max(known[-1], known[0] + _LEAST_SPAN)), colormaps["viridis"])
    for values, result in sorted(trials, key=lambda trial: (trial[1] is not None, trial[1] or 0.0)):
        heights = [axis.place(values[axis.name]) for axis in axes]
        if result is None:
            ax.plot(heights, color=style.GREY, linewidth=0.8, alpha=0.6, linestyle=(0, (4, 2)))
        else:
            ax.plot(heights, color=colour.to_rgba(np.array(result)), linewidth=2.0, alpha=0.9)
    _frame(ax, axes)
    bar = figure.colorbar(colour, ax=ax, pad=0.02, aspect=30)
    bar.outline.set_visible(False)
    bar.set_label(figure_of_merit)
    ax.set_title(_title(trials), pad=14)
    return figure


@style.styled()
def slices(axes: Sequence[Axis], trials: Sequence[Tried], figure_of_merit: str) -> Figure:
    """A panel a parameter: what was tried from left to right, what came of it upwards; grey marks at the bottom have
    no result."""
    figure, made = style.figure(max(8.0, 3.0 * len(axes)), 4.0, columns=len(axes), sharey=True)
    complete = [(values, result) for values, result in trials if result is not None]
    lowest = min(result for _, result in complete)
    span = max(max(result for _, result in complete) - lowest, _LEAST_SPAN)
    for ax, axis in zip(made[0], axes, strict=True):
        places = [axis.place(values[axis.name]) for values, _ in complete]
        ax.scatter(places, [result for _, result in complete], s=28, color=style.BLUE, alpha=0.75, linewidth=0)
        without = [axis.place(values[axis.name]) for values, result in trials if result is None]
        ax.plot(without, [lowest - 0.08 * span] * len(without), "|", color=style.GREY, markersize=9)
        ticks = axis.ticks()
        ax.set_xticks([place for place, _ in ticks], [style.fitted(words, 0.7, 9) for _, words in ticks], fontsize=9)
        ax.set_xlim(-0.06, 1.06)
        ax.set_xlabel(style.fitted(axis.name, 2.6))
    made[0, 0].set_ylabel(figure_of_merit)
    figure.suptitle(_title(trials), x=0.01, ha="left", weight="bold", fontsize=13)
    return figure


def _title(trials: Sequence[Tried]) -> str:
    complete = sum(result is not None for _, result in trials)
    others = len(trials) - complete
    return f"{complete} complete trials" + (f"; {others} pruned or failed, grey" if others else "")


def _frame(ax: Any, axes: Sequence[Axis]) -> None:
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    ax.set_yticks([])
    ax.set_xlim(-0.35, len(axes) - 1 + 0.35)
    ax.set_xticks(range(len(axes)), [style.fitted(axis.name, _LETTERS_INCHES) for axis in axes])
    ax.tick_params(axis="x", length=0, pad=8)
    paper = {"facecolor": "white", "alpha": 0.85, "linewidth": 0, "pad": 1.0}
    for number, axis in enumerate(axes):
        ax.axvline(number, color=style.INK, linewidth=1)
        for height, words in axis.ticks():
            ax.plot([number - 0.015, number], [height, height], color=style.INK, linewidth=1)
            ax.annotate(
                style.fitted(words, _LETTERS_INCHES, 9), (number, height), xytext=(-6, 0), textcoords="offset points",
                ha="right", va="center", size=9, bbox=paper, zorder=5,
            )  # fmt: skip
