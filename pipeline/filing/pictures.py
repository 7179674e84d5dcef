"""Small copies of a run's pictures, for a page that shows all records: a repository keeps them for ever."""

import io
from pathlib import Path

from PIL import Image

from pipeline.files import paths, records
from pipeline.process.errors import DataError, in_one_line

SOURCES = (paths.CONFUSION_PICTURE, paths.PREDICTIONS_PICTURE)
SUFFIX = ".webp"  # photographs and letters in few bytes, and browsers show it
MOST_BYTES = 60_000
_WIDTHS = (900, 760, 640, 540, 460, 390, 330, 280, 240, 200)  # pixels
_QUALITY, _METHOD = 75, 6


def write(folder: Path) -> None:
    """Write confusion.webp and predictions.webp of the run in the project, as far as it has the pictures."""
    for source in SOURCES:
        if source.exists():
            with records.atomic(folder / f"{source.stem}{SUFFIX}") as temporary:
                temporary.write_bytes(small(source))


def small(source: Path) -> bytes:
    """A picture as WebP of at most `MOST_BYTES`, as wide as that allows; the same bytes for the same picture.

    Raises DataError naming it if it is damaged.
    """
    try:
        with Image.open(source) as found:
            picture = found.convert("RGB")
    except Exception as error:  # damaged bytes make Pillow's decoders raise errors of nearly every class
        raise DataError(f"{source}: damaged picture ({in_one_line(error)}); run `dvc repro`") from error
    sizes = (_encoded(picture, width) for width in _WIDTHS)
    content = b""
    for content in sizes:
        if len(content) <= MOST_BYTES:
            break
    return content


def _encoded(picture: Image.Image, width: int) -> bytes:
    """At most `width` pixels wide."""
    width = min(width, picture.width)
    height = max(1, round(picture.height * width / picture.width))
    buffer = io.BytesIO()
    shown = picture.resize((width, height), Image.Resampling.LANCZOS)
    shown.save(buffer, "WEBP", quality=_QUALITY, method=_METHOD)
    return buffer.getvalue()
