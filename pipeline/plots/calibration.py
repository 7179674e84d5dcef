"""Does "90 % sure" mean right nine times in ten? The reliability diagram (Niculescu-Mizil & Caruana 2005)."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from pipeline.plots import style
from pipeline.results.metrics import Bin, calibration_error


@style.styled()
def calibration(bins: list[Bin]) -> Figure:
    """Accuracy by confidence, over the share of images in each bin; `bins` as `metrics.calibration_bins` gives them."""
    figure, axes = style.figure(6, 6.8, rows=2, sharex=True, height_ratios=[3.2, 1])
    images = np.array([b.images for b in bins])
    confidence, accuracy = np.array([b.confidence for b in bins]), np.array([b.accuracy for b in bins])
    middles, width = [(b.low + b.high) / 2 for b in bins], 0.94 * (bins[0].high - bins[0].low)
    _draw_reliability(axes[0, 0], middles, width, confidence, accuracy)
    sure, right = np.average(confidence, weights=images), np.average(accuracy, weights=images)
    axes[0, 0].set_title(f"mean confidence {100 * sure:.1f} %, accuracy {100 * right:.1f} %", size=10, weight="normal")
    axes[1, 0].bar(middles, images / images.sum(), width, color=style.GREY)
    axes[1, 0].set_ylabel("images")
    axes[1, 0].set_xlabel("confidence (probability of the predicted class)")
    for axis in (axes[1, 0].xaxis, axes[0, 0].yaxis, axes[1, 0].yaxis):
        style.percent_axis(axis)
    headline = f"Expected calibration error {100 * calibration_error(bins):.1f} %"
    figure.suptitle(headline, x=0.01, ha="left", weight="bold", fontsize=14)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3, columnspacing=1)
    return figure


def _draw_reliability(
    axes: Any, middles: list[float], width: float, confidence: np.ndarray, accuracy: np.ndarray
) -> None:
    axes.bar(middles, accuracy, width, color=style.BLUE, label="accuracy")
    gap = {"facecolor": "#F3D8CC", "edgecolor": style.RED, "linewidth": 1.2, "hatch": "///"}
    axes.bar(middles, confidence - accuracy, width, bottom=accuracy, label="gap to the confidence", **gap)
    # Where the network is too modest the gap covers the top of the bar: this line keeps the accuracy readable.
    axes.hlines(accuracy, np.subtract(middles, width / 2), np.add(middles, width / 2), color=style.BLUE, linewidth=3)
    axes.plot([0, 1], [0, 1], color=style.INK, linewidth=1.2, linestyle="--", label="perfectly calibrated")
    axes.set_ylabel("accuracy")
    axes.set_ylim(0, 1.01)
    axes.set_xlim(0, 1)
