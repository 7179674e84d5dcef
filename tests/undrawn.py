"""Pictures that no test looks at: to draw them takes most of the time of a test that looks at what is beside them."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from PIL import Image

from pipeline.files import records
from pipeline.plots import style


@contextmanager
def undrawn(but: Collection[Path] = ()) -> Iterator[None]:
    """Figures are made as ever, and saved as empty pictures, but those at some paths."""
    draw = style.save

    def save(figure: Figure, path: Path) -> None:
        if path in but:
            draw(figure, path)
        else:
            empty_picture(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(style, "save", save)
        yield


def empty_picture(path: Path) -> None:
    with records.atomic(path) as temporary:
        Image.new("L", (2, 1), "white").save(temporary, format="png")
