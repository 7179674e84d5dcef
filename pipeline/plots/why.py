"""Test images, and where in them the network saw the class it named: the surest mistakes, then some that are right."""

import math

import numpy as np
from matplotlib.figure import Figure

from pipeline.plots import heat, style
from pipeline.plots.predictions import choose, title

COLUMNS = 6
MOST_WRONG, MOST_SHOWN = 9, 12


def chosen(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Indices (int64) of the images to look into: mistakes, surest first, then right ones; at most `MOST_SHOWN`."""
    return np.concatenate(choose(labels, probabilities, MOST_WRONG, MOST_SHOWN))


@style.styled()
def why(
    images: np.ndarray, heats: np.ndarray | None, labels: np.ndarray, probabilities: np.ndarray, classes: list[str]
) -> Figure:
    """Each image above itself, tinted where its predicted class was seen.

    `images`: uint8 (n, H, W, C), values 0–255, C 1 or 3; `heats`: float (n, h, w), 0 to 1, or None if the network knows
    no places; `labels` int64 (n,); `probabilities` (n, K) of the K `classes`. Blue is right, red is wrong.
    """
    columns = min(COLUMNS, len(images))
    rows = math.ceil(len(images) / columns)
    figure, axes = style.figure(max(2.0 * columns, 6), 4.6 * rows + 0.5, rows=rows, columns=columns)
    for empty in axes.flat[len(images) :]:
        empty.set_axis_off()
    for index, (place, image) in enumerate(zip(axes.flat, images, strict=False)):
        style.show_image(place, image if heats is None else with_heat(image, heats[index]))
        title(place, int(labels[index]), probabilities[index], classes)
    headline = "This network knows no places" if heats is None else "Where it saw what it named (Grad-CAM)"
    figure.suptitle(headline, x=0.004, ha="left", weight="bold", fontsize=14)
    return figure


def with_heat(image: np.ndarray, heat_map: np.ndarray) -> np.ndarray:
    """uint8 (2H + gap, W, 3): `image` (H, W, C), and below it the same, tinted by `heat_map` (h, w)."""
    colours = np.broadcast_to(image, (*image.shape[:2], 3))
    gap = np.full((max(1, len(image) // 28), image.shape[1], 3), 255, np.uint8)
    return np.concatenate([colours, gap, heat.over(colours, heat_map)])
