"""reports/data/suspected.html: labels that are probably wrong, each with its image, the surest first."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from pipeline.files import pages

SHOWN = 200  # images: what a person looks through, and a page of some megabytes
_SIDE = 160  # pixels: larger ones are drawn smaller
_TEMPLATE = Path(__file__).with_name("suspected.html")


class Row(NamedTuple):
    """A suspected label: the image, uint8 (H, W, C), its name and split, its label and the class it may be of, the
    label's probability, and the correction, if there is one."""

    image: np.ndarray
    name: str
    split: str
    label: str
    suggested: str
    probability: str
    correction: str


def render(name: str, told: Sequence[str], rows: Sequence[Row], found: int) -> str:
    """The page of data set `name`. `told`: sentences; `rows`: the first of `found` labels."""
    return pages.rendered(_TEMPLATE, {"name": name, "told": told, "rows": rows, "found": found}, {"picture": _uri})


def _uri(image: np.ndarray) -> str:
    """As text that a browser shows; the same bytes for the same image."""
    drawn, buffer = Image.fromarray(np.squeeze(image)), io.BytesIO()
    drawn.thumbnail((_SIDE, _SIDE))
    drawn.save(buffer, "PNG")
    return pages.picture(buffer.getvalue())
