"""The first look as a picture: how many, how large, which shape, and of each class the smallest and the oddest."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from pipeline.data import first_look
from pipeline.data.first_look import Seen
from pipeline.data.near_duplicates import Pair
from pipeline.files import paths
from pipeline.plots.style import BLUE, INK, ORANGE, figure, fitted, save, show_image, styled_here

CLASSES_SHOWN = 30
PAIRS_SHOWN = 8
_NAME_INCHES, _PAIR_INCHES = 1.6, 2.4  # of what a column has


def write(seen: Sequence[Seen], classes: Sequence[str], pairs: Sequence[Pair]) -> list[tuple[str, Path]]:
    """Caption and file of each picture, those of DATA_PICTURES; without `pairs` there is one less."""
    drawn = [
        ("How many images each class has, and how large they are.", overview(seen, classes)),
        (
            f"Of {_which(len(classes))} the smallest image, and those whose colours are least like the others': look"
            " for wrong labels, drawings and screenshots among them.",
            odd_ones(seen, classes),
        ),
    ]
    if pairs:
        told = "Near-duplicates; those in two splits of the source, or with two labels, first."
        drawn.append((told, closest(pairs, seen, classes)))
    files = paths.DATA_PICTURES[: len(drawn)]
    for path, (_, picture) in zip(files, drawn, strict=True):
        save(picture, path)
    return [(caption, path) for (caption, _), path in zip(drawn, files, strict=True)]


def _which(classes: int) -> str:
    return "each class" if classes <= CLASSES_SHOWN else f"the first {CLASSES_SHOWN} of {classes} classes"


@styled_here()
def overview(seen: Sequence[Seen], classes: Sequence[str]) -> Figure:
    """Images of each class, and the sizes of all, each a point."""
    count = [sum(int(row[split]) for split in row) for row in first_look.counts(seen, classes).values()]
    order = np.argsort(count, kind="stable")[::-1][:CLASSES_SHOWN][::-1]
    drawn, ((left, right),) = figure(11, max(3.6, 1.4 + 0.3 * len(order)), columns=2)
    left.barh(range(len(order)), [count[k] for k in order], color=BLUE)
    left.set_yticks(range(len(order)), [fitted(classes[k], 2.5) for k in order])
    left.set_title("Images of each class" if len(order) == len(classes) else f"Images of the {len(order)} commonest")
    left.grid(axis="y", visible=False)
    colours = [INK if one.grey else ORANGE for one in seen]
    right.scatter([one.width for one in seen], [one.height for one in seen], s=12, alpha=0.4, c=colours, linewidths=0)
    right.set_title("Sizes in pixels (grey images dark)")
    right.set_xlabel("width")
    right.set_ylabel("height")
    return drawn


@styled_here()
def odd_ones(seen: Sequence[Seen], classes: Sequence[str]) -> Figure:
    """A row for each class: the smallest image, then those whose colours are farthest from the class's."""
    labels = range(min(len(classes), CLASSES_SHOWN))
    drawn, axes = figure(11, 2.5 * len(labels), rows=len(labels), columns=1 + first_look.ODDEST)
    for row, label in zip(axes, labels, strict=True):
        for ax in row:
            ax.set_axis_off()
        there = any(one.item.label == label for one in seen)
        shown = [first_look.smallest(seen, label), *first_look.oddest(seen, label)] if there else []
        for ax, one in zip(row, shown, strict=False):
            _show(ax, one)
        row[0].set_title(f"{fitted(classes[label], _NAME_INCHES, 10, 'bold')}\nsmallest", loc="center", fontsize=10)
        row[1].set_title("\noddest", loc="center", fontsize=10)
    return drawn


@styled_here()
def closest(pairs: Sequence[Pair], seen: Sequence[Seen], classes: Sequence[str]) -> Figure:
    """Near-duplicates side by side, those in two splits or under two labels first."""
    by_name = {one.item.name: one for one in seen}
    order = sorted(pairs, key=lambda p: (not p.leaking, p.first.label == p.second.label, -p.likeness))[:PAIRS_SHOWN]
    rows = -(-len(order) // 2)
    drawn, axes = figure(11, 2.6 * rows, rows=rows, columns=4)
    for ax in axes.flat:
        ax.set_axis_off()
    for i, pair in enumerate(order):
        for side, item in enumerate((pair.first, pair.second)):
            ax = axes[i // 2, 2 * (i % 2) + side]
            _show(ax, by_name[item.name])
            title = f"{fitted(classes[item.label], _PAIR_INCHES, 10, 'bold')}\n{item.split}"
            ax.set_title(title, loc="center", fontsize=10)
    return drawn


def _show(axes: object, one: Seen) -> None:
    show_image(axes, one.small)
    note = f"{fitted(one.item.name, _NAME_INCHES, 7)}\n{one.width} × {one.height}"
    axes.text(0.5, -0.03, note, transform=axes.transAxes, ha="center", va="top", fontsize=7)  # type: ignore[attr-defined]
