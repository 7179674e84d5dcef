"""One look for every picture, and PNG files with the same bytes whenever they show the same thing.

Figures are made without pyplot, so there is no display, no global state and nothing to close. A user's matplotlibrc
is set aside while drawing: it would change the bytes.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.textpath import TextToPath
from matplotlib.ticker import PercentFormatter

from pipeline.files import records
from pipeline.plots import fonts

# Hues that stay apart under the common colour-vision deficiencies (Okabe & Ito 2008); the red is darkened for text.
BLUE, RED, ORANGE, GREY, INK = "#0072B2", "#C23B00", "#E69F00", "#8A8F98", "#24292F"
LINES = "#E3E6EA"
DPI = 120
_POINTS = 72  # an inch

FONT = ["DejaVu Sans"]  # comes with matplotlib: the same letters on every machine
_STYLE = {
    "font.family": FONT,
    "font.size": 11,
    "axes.titlesize": 13,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.labelsize": 11,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LINES,
    "grid.linewidth": 0.8,
    "text.color": INK,
    "text.parse_math": False,  # a class may be called "$5"
    "xtick.color": INK,
    "ytick.color": INK,
    "lines.linewidth": 2.2,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "image.cmap": "Blues",
    "savefig.dpi": DPI,
}


_inside: ContextVar[bool] = ContextVar("styled", default=False)


@contextmanager
def styled() -> Iterator[None]:
    """This project's style and nothing else, until the block or the decorated function ends; once is enough."""
    if _inside.get():
        yield
        return
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        token = _inside.set(True)
        try:
            yield
        finally:
            _inside.reset(token)


@contextmanager
def styled_here() -> Iterator[None]:
    """`styled`, and letters its font has not are from fonts of this machine: for pictures that nobody compares."""
    families = [*FONT, *fonts.installed()]
    # Of most other fonts there is no bold one, and matplotlib says so.
    weight = "bold" if families == FONT else "normal"
    with styled(), matplotlib.rc_context({"font.family": families, "axes.titleweight": weight}):
        yield


@styled()
def figure(width: float, height: float, rows: int = 1, columns: int = 1, **options: Any) -> tuple[Figure, np.ndarray]:
    """A figure of `width` × `height` inches and its axes, an array (rows, columns); `options` as in plt.subplots.

    Draw on the axes inside `styled()`: matplotlib reads part of the style when a thing is drawn, not when it is made.
    """
    made = Figure(figsize=(width, height))
    return made, made.subplots(rows, columns, squeeze=False, **options)


@styled()
def save(drawn: Figure, path: Path) -> None:
    """Write a PNG atomically, without the software's version and the date: equal figures are equal files."""
    with records.atomic(path) as temporary:
        drawn.savefig(temporary, format="png", metadata={"Software": None})


def percent_axis(axis: Any) -> None:
    """Label an axis of fractions 0–1 in percent."""
    axis.set_major_formatter(PercentFormatter(1, symbol=" %"))


def show_image(axes: Any, image: np.ndarray) -> None:
    """Draw a uint8 image (H, W, 1) or (H, W, 3), values 0–255, grey as grey, without ticks or frame."""
    grey = image.shape[-1] == 1
    axes.imshow(image[..., 0] if grey else image, cmap="gray" if grey else None, vmin=0, vmax=255)
    axes.set_axis_off()


def fitted(name: str, inches: float, size: float = 11, weight: str = "normal", before: str = "") -> str:
    """`before` and `name`, of which the middle is left out if they are wider than `inches` in letters of `size` points.

    It is `written` in them.
    """
    drawn = written(name, size, weight)
    for length in range(len(drawn), 1, -1):
        text = before + shortened(drawn, length)
        if width(text, size, weight) <= inches:
            return text
    return before + drawn[:1]


def fitted_after(befores: Sequence[str], names: Sequence[str], inches: float, size: float, weight: str) -> list[str]:
    """Each of `befores` with its name, all `fitted` into `inches`; the same name is shortened in the same way."""
    room = inches - max(width(before, size, weight) for before in befores)
    return [before + fitted(name, room, size, weight) for before, name in zip(befores, names, strict=True)]


def shortened(name: str, length: int) -> str:
    """`name` in at most `length` characters, its middle left out: names of a data set often share their beginnings."""
    if len(name) <= length:
        return name
    head = length // 2
    return f"{name[:head]}…{name[len(name) - (length - head - 1) :]}"


def written(name: str, size: float = 11, weight: str = "normal") -> str:
    """`name`, in which letters that the font does not have are written as their numbers.

    It has Latin, Greek, Cyrillic, Arabic, Hebrew and more, but not Chinese, Japanese or Korean ones: a font from the
    machine would draw other pictures on another one, so it is used within `styled_here` alone.
    """
    drawn = [FontProperties(family=[family], size=size, weight=weight) for family in _families()]
    known = [get_font(findfont(font)).get_char_index for font in drawn]
    letters = (c if any(has(ord(c)) for has in known) else c.encode("unicode_escape").decode() for c in name)
    return "".join(letters)


def _families() -> list[str]:
    return list(matplotlib.rcParams["font.family"]) if _inside.get() else FONT


def width(text: str, size: float = 11, weight: str = "normal") -> float:
    """How wide `text` is, inches, in letters of `size` points."""
    return _measured(text, tuple(_families()), size, weight)


@lru_cache(maxsize=1 << 14)  # the same names are in most pictures, and each is tried in many lengths
def _measured(text: str, families: tuple[str, ...], size: float, weight: str) -> float:
    font = FontProperties(family=list(families), size=size, weight=weight)
    points, _, _ = TextToPath().get_text_width_height_descent(text, font, ismath=False)
    return float(points) / _POINTS
