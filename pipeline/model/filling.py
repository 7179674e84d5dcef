"""Fills the files of all splits: chunks of new images go through the network, what is known is copied.

Chunks are appended to plain files outside the stage's outputs, so memory does not grow with the number of images, and
a killed extraction goes on where it stopped, ending with the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from pipeline.files import records
from pipeline.model import wanted
from pipeline.model.known import Known
from pipeline.model.lower import Lower
from pipeline.model.rows import Rows
from pipeline.model.wanted import Place, Wanted
from pipeline.process import verbosity

_PROBES = 8  # known images that are computed again beside new ones
_COPIED = 256  # rows at once


def fill(splits: Mapping[str, Wanted], lower: Lower, folders: Mapping[str, Path], found: Mapping[str, Known]) -> None:
    """Complete the files of each split in its folder, from what is `found` as far as it has the bits computed here."""
    files = {split: lower.rows(folders[split], len(splits[split].names)) for split in splits}
    done = {split: min(file.complete(lower.images) for file in files[split]) for split in splits}
    missing = {split: of_split for split, of_split in splits.items() if done[split] < len(of_split.names)}
    partly = {split: found[split] for split in missing if len(found[split].new) < len(splits[split].names)}
    joined = bool(partly) and _join(splits, lower, files, partly)
    for split in missing:
        if joined and split in partly:
            continue
        for file in files[split]:
            file.truncate(done[split])
        rows = ((split, row) for row in range(done[split], len(splits[split].names)))
        lower.append(split, splits, rows, files[split])


def _join(
    splits: Mapping[str, Wanted], lower: Lower, files: Mapping[str, list[Rows]], found: Mapping[str, Known]
) -> bool:
    """Put known rows and new ones, which are computed, in order; False, and nothing is done, if bits differ here."""
    for split, known in found.items():
        total = len(splits[split].names)
        verbosity.say(f"{split}: {total - len(known.new):,} of {total:,} were computed before")
    fresh = _fresh(splits, lower, files, found)
    if fresh[0].rows and not _computed(splits, lower, found, fresh):
        verbosity.say(f"{', '.join(found)}: and have other bits, next to other images: all are computed")
        return False
    start = 0
    for split, known in found.items():
        new = known.new
        for number, (file, own) in enumerate(zip(files[split], fresh, strict=True)):
            file.truncate(0)
            computed = records.read_npy(own.path, memory_map=own.rows > 0)[start : start + len(new)]
            for rows in _parts(len(splits[split].names)):
                file.copy(_in_order(rows, known, number, new, computed))
        start += len(new)
    return True


def _fresh(
    splits: Mapping[str, Wanted], lower: Lower, files: Mapping[str, list[Rows]], found: Mapping[str, Known]
) -> list[Rows]:
    """Files for the new rows of all splits, one split after the other, named by which rows they are."""
    names = np.concatenate([splits[split].names[known.new] for split, known in found.items()])
    folder = files[next(iter(found))][0].path.parent
    return lower.rows(folder / f"new-{records.array_digest(names)[:16]}", len(names))


def _computed(splits: Mapping[str, Wanted], lower: Lower, found: Mapping[str, Known], fresh: list[Rows]) -> bool:
    """Compute the new rows, the first beside known ones, which are in other places there; False if those differ."""
    done = min(file.complete(lower.images) for file in fresh)
    probes = _probes(found)[: max(1, lower.images - 1)]
    places = islice(((split, int(row)) for split, known in found.items() for row in known.new), done, None)
    first = list(islice(places, lower.images - len(probes)))
    activations = lower(next(wanted.chunks(splits, [[*first, *probes]])))
    for number, computed in enumerate(activations):
        if computed[len(first) :].tobytes() != _known(found, probes, number, like=computed).tobytes():
            return False
    for file, computed in zip(fresh, activations, strict=True):
        file.truncate(done)
        file.append(computed[: len(first)])
    lower.append("what is new", splits, places, fresh)
    return True


def _probes(found: Mapping[str, Known]) -> list[Place]:
    """The first and the last known rows of each split."""
    each = max(1, _PROBES // (2 * len(found)))
    there = {split: np.flatnonzero(known.source >= 0) for split, known in found.items()}
    return [(split, int(row)) for split, rows in there.items() for row in np.unique([*rows[:each], *rows[-each:]])]


def _known(found: Mapping[str, Known], places: Sequence[Place], number: int, like: np.ndarray) -> np.ndarray:
    """What is known of `places` in a file."""
    known = np.empty((len(places), *like.shape[1:]), like.dtype)
    start = 0
    for split, rows in wanted.by_split(places):
        found[split].put(np.array(rows), number, into=known[start : start + len(rows)])
        start += len(rows)
    return known


def _in_order(rows: np.ndarray, found: Known, number: int, new: np.ndarray, computed: np.ndarray) -> np.ndarray:
    """Activations of those rows, from where each is."""
    joined = np.empty((len(rows), *computed.shape[1:]), computed.dtype)
    own = np.flatnonzero(found.source[rows] < 0)
    joined[own] = computed[np.searchsorted(new, rows[own])]
    found.put(rows, number, into=joined)
    return joined


def _parts(count: int) -> Iterator[np.ndarray]:
    return (np.arange(start, min(start + _COPIED, count)) for start in range(0, count, _COPIED))
