"""The labels that are most probably wrong, with what the other images say instead."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from pipeline.plots.style import RED, figure, fitted, show_image, styled_here

_COLUMNS = 6
_NAME_INCHES = 1.6  # of two a column


@styled_here()
def draw(images: Sequence[np.ndarray], titles: Sequence[tuple[str, str]], names: Sequence[str]) -> Figure:
    """`images` uint8 (H, W, C), `titles` (label, suggested), `names`; none is one sentence."""
    rows = max(1, -(-len(images) // _COLUMNS))
    drawn, axes = figure(12, 2.9 * rows, rows=rows, columns=_COLUMNS)  # with less the titles above are cut
    for ax in axes.flat:
        ax.set_axis_off()
    if not images:
        axes[0, 0].text(0, 0.5, "No label is suspected.", fontsize=12)
    for ax, image, (label, suggested), name in zip(axes.flat, images, titles, names, strict=False):
        show_image(ax, image)
        ax.set_title(
            f"{fitted(label, _NAME_INCHES, 10, 'bold')} →\n{fitted(suggested, _NAME_INCHES, 10, 'bold')}?",
            loc="center",
            fontsize=10,
            color=RED,
        )
        ax.text(0.5, -0.03, fitted(name, _NAME_INCHES, 7), transform=ax.transAxes, ha="center", va="top", fontsize=7)
    return drawn
