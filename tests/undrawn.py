"""Pictures that no test looks at: to draw them takes most of the time of a test that looks at what is beside them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from pipeline.files import records
from pipeline.plots import style


@contextmanager
def undrawn() -> Iterator[None]:
    """Figures are made as ever, and saved as an empty picture."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(style, "save", lambda _, path: empty_picture(path))
        yield


def empty_picture(path: Path) -> None:
    with records.atomic(path) as temporary:
        Image.new("L", (2, 1), "white").save(temporary, format="png")
