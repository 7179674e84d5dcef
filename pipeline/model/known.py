"""Activations of images that were computed before, in whichever split: only those of new images are computed.

A row is named by all that it follows from beside the network: the prepared image, and of a view what decides that. The
notes of earlier extractions say which rows are in which files of DVC's cache.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.files import paths, records
from pipeline.identity import cache

ROWS = paths.STATE / "rows"
_NAME = "S16"
_MAPPED = 256  # images at once


@dataclass(frozen=True)
class Known:
    """`source` int64 (N,): for each wanted row the one of `sources` that has it, −1 = none; `row`: where in it.

    A source is one array (M, …) for each file of activations.
    """

    source: np.ndarray
    row: np.ndarray
    sources: list[list[np.ndarray]]

    @property
    def new(self) -> np.ndarray:
        """The rows that nobody has, int64, ascending."""
        return np.flatnonzero(self.source < 0)

    def put(self, rows: np.ndarray, file: int, into: np.ndarray) -> None:
        """Write what is known of `rows` (n,) of a file into `into` (n, …)."""
        for number, arrays in enumerate(self.sources):
            here = np.flatnonzero(self.source[rows] == number)
            into[here] = arrays[file][self.row[rows[here]]]


def names(split: str, views: int, augmentation: Mapping[str, Any]) -> np.ndarray:
    """The names of a split's rows, (N·(1+views),) of 16 bytes: the images, then their views, view by view.

    `augmentation` is what decides a view; not how many there are.
    """
    of_images = list(_of_images(paths.images(split)))
    identities = [row["sha256"] for row in records.read_csv(paths.ids(split))] if views else []
    settings = records.canonical({key: value for key, value in augmentation.items() if key != "views"}).encode()
    of_views = [
        hashlib.sha256(b"%b %b %b %d" % (image, identity.encode(), settings, view)).digest()
        for view in range(1, views + 1)
        for image, identity in zip(of_images, identities, strict=True)
    ]
    return np.array([digest[:16] for digest in [*of_images, *of_views]], dtype=_NAME)


def _of_images(path: Path) -> Iterator[bytes]:
    """The digest of each stored image."""
    for start in range(0, len(records.read_npy(path)), _MAPPED):
        images = records.read_npy(path)[start : start + _MAPPED]  # mapped anew: read pages of a kept map pile up
        head = f"{images.dtype.str} {images.shape[1:]} ".encode()
        yield from (hashlib.sha256(head + image.tobytes()).digest() for image in images)


def find(wanted: np.ndarray, notes: Sequence[Mapping[str, Any]], files: Sequence[str]) -> Known:
    """What of the rows of those names is in DVC's cache, by `notes` with `rows` and `files`, the best first."""
    found = Known(np.full(len(wanted), -1), np.zeros(len(wanted), np.int64), [])
    for note in notes:
        missing = found.new
        places = _places(wanted[missing], ROWS / f"{note['rows']}.npy")
        if (places < 0).all():
            continue
        if arrays := _arrays(note["files"], files):
            here = places >= 0
            found.source[missing[here]], found.row[missing[here]] = len(found.sources), places[here]
            found.sources.append(arrays)
    return found


def _places(wanted: np.ndarray, path: Path) -> np.ndarray:
    """Where the names are in the file of names; −1: not in it, or there is no such file."""
    nowhere = np.full(len(wanted), -1)
    try:
        there = records.read_npy(path, memory_map=False)
    except (OSError, ValueError):
        return nowhere
    if not len(there) or there.dtype != _NAME:
        return nowhere
    order = np.argsort(there, kind="stable")
    at = np.minimum(np.searchsorted(there, wanted, sorter=order), len(there) - 1)
    return np.where(there[order[at]] == wanted, order[at], -1)


def _arrays(noted: Sequence[Mapping[str, str]], files: Sequence[str]) -> list[np.ndarray]:
    """The files from DVC's cache, mapped; none if one is not there, or is damaged."""
    of_name = {file["name"]: file for file in noted}
    arrays = []
    for name in files:
        place = cache.place(cache.folder(Path()), of_name[name]["md5"]) if name in of_name else None
        if place is None or not place.is_file() or records.file_digest(place) != of_name[name]["sha256"]:
            return []
        arrays.append(records.read_npy(place))
    return arrays
