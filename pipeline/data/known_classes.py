"""The names of a source's classes, as far as they can be known before an image is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.data import digits, image_folder, reading, table, table_source
from pipeline.files import paths
from pipeline.process.errors import DataError

if TYPE_CHECKING:
    from pipeline.params.data_section import Data


def of(data: Data) -> list[str] | None:
    """Sorted; None if they cannot be known yet: the source is not there, or cannot be used, which its stage says."""
    known = _OF_SOURCE.get(data.source)
    try:
        return known(data) if known else None
    except DataError:
        return None


def _of_table(data: Data) -> list[str]:
    path = Path(data.path) / str(data.table)
    return table_source.classes(path, table.read(path))


_OF_SOURCE: Mapping[str, Callable[[Data], list[str]]] = {
    "digits": lambda data: digits.CLASSES,
    "image_folder": lambda data: image_folder.classes(Path(data.path)),
    "table": _of_table,
    "tfds": lambda data: reading.classes(reading.open_raw(paths.RAW, data.name).info),  # if it was fetched before
}
