"""Labels that are probably wrong, the surest first: reports/data/suspected.csv, .html with their images, and .png."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from pipeline.files import pages, paths, records
from pipeline.plots import style
from pipeline.plots import suspected as plot
from pipeline.results import correction_list, suspected_labels
from pipeline.results.suspected_labels import Asked

SHOWN = 200  # images: what a person looks through, and a page of some megabytes
DRAWN = 24  # in the picture
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


def write(name: str, asked: Asked) -> None:
    """All three files, of data set `name`."""
    rows, images = suspected_labels.rows(asked), _images(asked)
    records.write_csv(paths.SUSPECTED, correction_list.COLUMNS, rows)
    style.save(_drawn(asked, images[:DRAWN]), paths.SUSPECTED_PICTURE)
    shown = [Row(image, *row) for row, image in zip(rows, images, strict=False)]
    records.write_text(paths.SUSPECTED_PAGE, render(name, suspected_labels.told(asked), shown, len(asked.suspected)))


def render(name: str, told: Sequence[str], rows: Sequence[Row], found: int) -> str:
    """The page of data set `name`. `told`: sentences; `rows`: the first of `found` labels."""
    return pages.rendered(_TEMPLATE, {"name": name, "told": told, "rows": rows, "found": found}, {"picture": _uri})


def _images(asked: Asked) -> list[np.ndarray]:
    """Of the first SHOWN, uint8 (H, W, C) each."""
    pixels = {split: records.read_npy(paths.images(split)) for split in paths.SPLITS}
    places = (asked.stored.places[one.index] for one in asked.suspected[:SHOWN])
    return [pixels[split][n] for split, n in places]


def _drawn(asked: Asked, images: Sequence[np.ndarray]) -> Figure:
    stored, shown = asked.stored, asked.suspected[: len(images)]
    titles = [(asked.classes[stored.labels[one.index]], asked.classes[one.suggested]) for one in shown]
    return plot.draw(images, titles, [stored.names[one.index] for one in shown])


def _uri(image: np.ndarray) -> str:
    """As text that a browser shows; the same bytes for the same image."""
    drawn, buffer = Image.fromarray(np.squeeze(image)), io.BytesIO()
    drawn.thumbnail((_SIDE, _SIDE))
    drawn.save(buffer, "PNG")
    return pages.picture(buffer.getvalue())
