"""Images beside what the network says about them: bars of the likeliest classes."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from pipeline.plots import style

MOST_SHOWN = 24
_COLUMNS = 3
_CLASSES = 5
_ROW_INCHES = 2.6  # an image's width, and its name above it


@dataclass(frozen=True)
class Example:
    """`image`: uint8 (H, W, 3), values 0–255; `probabilities`: class name → 0–1, the surest first.

    Not `known`: none of the classes is meant, the first is merely the nearest.
    """

    name: str
    image: np.ndarray
    probabilities: dict[str, float]
    known: bool = True


@style.styled_here()
def answers(examples: list[Example]) -> Figure:
    """Of up to `MOST_SHOWN` images each: the image, and its most probable classes as bars."""
    columns = min(_COLUMNS, len(examples))
    rows = math.ceil(len(examples) / columns)
    figure, axes = style.figure(
        5 * columns,
        _ROW_INCHES * rows + 0.2,
        rows=rows,
        columns=2 * columns,
        width_ratios=[1, 1.1] * columns,
        subplot_kw={"xticks": [], "yticks": []},  # nobody sees them, and the layout would measure each
    )
    for place, example in zip(axes.reshape(-1, 2), examples, strict=False):
        style.show_image(place[0], example.image)
        place[0].set_anchor("S")  # the layout leaves no room for a name above an image that is centred in too much
        place[0].set_title(style.fitted(example.name, 2.2, 9), fontsize=9, weight="normal", pad=4)
        _draw_bars(place[1], example.probabilities, example.known)
    for empty in axes.reshape(-1, 2)[len(examples) :].flat:
        empty.set_axis_off()
    return figure


def _draw_bars(axes: Any, probabilities: dict[str, float], known: bool) -> None:
    shown = list(probabilities.items())[:_CLASSES]
    colours = [style.BLUE if known else style.GREY] + [style.GREY] * (len(shown) - 1)
    if not known:
        axes.set_title("none of these; nearest:", fontsize=10, color=style.RED, pad=4)
    for place, ((name, share), colour) in enumerate(zip(shown, colours, strict=True)):
        axes.barh(place, share, height=0.28, color=colour)
        text = f"{style.fitted(name, 1.8, 10)}: {100 * share:.0f} %"
        axes.annotate(text, (0, place - 0.2), va="bottom", size=10)
    axes.set_xlim(0, 1)
    axes.set_ylim(_CLASSES - 0.6, -0.8)
    axes.set_axis_off()
