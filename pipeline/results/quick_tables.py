"""Reads a large table of texts and numbers by PyArrow: the values that Python's csv and float have for it, far sooner.

Both part a table alike that has neither quotes nor other ends of lines, and both round a number to the nearest float64.
Whatever is uncommon, or is no such table, is left to Python, which says where it is wrong.
"""

import mmap
from collections.abc import Sequence
from pathlib import Path

import numpy as np

SMALLEST_BYTES = 300_000  # of less than that Python has read all while PyArrow is imported
_UNCOMMON = (b'"', b"\r", b"\0")


def read(
    path: Path, columns: int, texts: Sequence[int], numbers: Sequence[int]
) -> tuple[Sequence[Sequence[str]], np.ndarray] | None:
    """The columns `texts` of the `columns` there are, and float64 (N, K): the columns `numbers`.

    The first line is left out; None if the table is small, or for Python to read, or to refuse.
    """
    if not numbers or path.stat().st_size < SMALLEST_BYTES or not _is_common(path):
        return None
    from pyarrow import ArrowException, csv, float64, string

    names = [str(place) for place in range(columns)]
    types = {names[place]: string() for place in texts} | {names[place]: float64() for place in numbers}
    try:
        found = csv.read_csv(
            path,
            csv.ReadOptions(column_names=names, skip_rows=1, use_threads=False),
            convert_options=csv.ConvertOptions(column_types=types, include_columns=[*types], null_values=[]),
        )
    except ArrowException:
        return None
    values = np.empty((len(found), len(numbers)))
    for column, place in enumerate(numbers):
        values[:, column] = found[names[place]].to_numpy()
    return [found[names[place]].to_pylist() for place in texts], values


def _is_common(path: Path) -> bool:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return all(content.find(byte) < 0 for byte in _UNCOMMON)
