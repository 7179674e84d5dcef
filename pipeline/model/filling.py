"""Fills the files of one split: chunks of new images go through the network, what is known is copied.

Chunks are appended to plain files outside the stage's outputs, so memory does not grow with the number of images, and
a killed extraction goes on where it stopped, ending with the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import tensorflow as tf

from pipeline.files import paths, records
from pipeline.model import augmentation, known
from pipeline.model.known import Known
from pipeline.model.rows import Rows
from pipeline.process import progress, verbosity

if TYPE_CHECKING:
    from pipeline.params.images_section import Augmentation
    from pipeline.params.schema import Params

_PROBES = 8  # known images that are computed again beside new ones
_COPIED = 256  # rows at once


# Of a split and chunks of its rows, their activations, in order: computed by other processes, with the same bits.
Elsewhere = Callable[[str, Iterable[Sequence[int]]], Iterator[list[np.ndarray]]]


@dataclass(frozen=True)
class Lower:
    """`run` makes of uint8 images (n, H, W, C), n ≤ `images`, one array (n, *shape) for each of `files`.

    `elsewhere` is who computes chunks, if not this process.
    """

    run: Callable[[Any], list[Any]]
    files: Mapping[str, tuple[int, ...]]
    dtype: str
    images: int
    elsewhere: Elsewhere | None = None

    def rows(self, folder: Path, count: int) -> list[Rows]:
        return [Rows(folder / name, count, shape, self.dtype) for name, shape in self.files.items()]

    def __call__(self, images: np.ndarray) -> list[np.ndarray]:
        """Of a chunk that is not full, too: with another number of images a kernel may compute other bits."""
        missing = np.repeat(images[-1:], self.images - len(images), axis=0)
        computed = self.run(tf.constant(np.concatenate([images, missing])))
        return [activations.numpy()[: len(images)] for activations in computed]


@dataclass(frozen=True)
class Wanted:
    """The rows of a split: row v·N + i is view v of image i, the image itself being view 0. `names` says which."""

    split: str
    views: int
    augmentation: Augmentation
    names: np.ndarray
    root: Path = Path()

    @classmethod
    def of(cls, split: str, params: Params) -> Self:
        settings = params.images.augmentation
        views = settings.views if split == "train" else 0
        decisive = params.hashed(include={"images": {"augmentation"}})["images"]["augmentation"]
        return cls(split, views, settings, known.names(split, views, decisive))

    @classmethod
    def rows_of(cls, split: str, params: Params, root: Path) -> Self:
        """Of a split whose names nobody asks for."""
        views = params.images.augmentation.views if split == "train" else 0
        return cls(split, views, params.images.augmentation, np.empty(0), root)

    @property
    def identities(self) -> list[int]:
        """What the images' views depend on; none if there are none."""
        return image_identities(self.split, self.root) if self.views else []

    def chunk(self, rows: Sequence[int], identities: list[int]) -> np.ndarray:
        """uint8 (n, H, W, C)."""
        # Mapped anew each time: pages of a kept map would pile up in memory.
        stored = records.read_npy(self.root / paths.images(self.split))
        images, total = stored[[row % len(stored) for row in rows]], len(stored)
        return images if max(rows) < total else _augmented(images, rows, identities, self.augmentation)

    def chunks(self, parts: Iterable[Sequence[int]]) -> Iterator[np.ndarray]:
        identities = self.identities
        return (self.chunk(rows, identities) for rows in parts)


def fill(wanted: Wanted, lower: Lower, folder: Path, found: Known) -> None:
    """Complete the files of a split in `folder`, from what is `found` as far as it has the bits computed here."""
    files = lower.rows(folder, len(wanted.names))
    done = min(file.complete(lower.images) for file in files)
    if done == len(wanted.names):
        return
    if len(found.new) < len(wanted.names) and _joined(wanted, lower, folder, found, files):
        return
    for file in files:
        file.truncate(done)
    _compute(wanted, lower, range(len(wanted.names)), files, done)


def _compute(wanted: Wanted, lower: Lower, rows: Sequence[int], files: list[Rows], done: int) -> None:
    with progress.images(f"extracting {wanted.split}", len(rows), done) as advance:
        parts = [rows[start : start + lower.images] for start in range(done, len(rows), lower.images)]
        here = (lower(images) for images in wanted.chunks(parts))
        for part, computed in zip(
            parts, lower.elsewhere(wanted.split, parts) if lower.elsewhere else here, strict=True
        ):
            for file, activations in zip(files, computed, strict=True):
                file.append(activations)
            advance(len(part))


def _joined(wanted: Wanted, lower: Lower, folder: Path, found: Known, files: list[Rows]) -> bool:
    """Compute the new rows and put all in order; False, and nothing is done, if known ones have other bits here."""
    new = found.new
    verbosity.say(f"{wanted.split}: {len(wanted.names) - len(new):,} of {len(wanted.names):,} were computed before")
    fresh = lower.rows(folder / "new", len(new))
    if len(new):
        if not _have_these_bits(wanted, lower, found):
            verbosity.say(f"{wanted.split}: and have other bits, next to other images: all are computed")
            return False
        done = min(file.complete(lower.images) for file in fresh)
        for file in fresh:
            file.truncate(done)
        _compute(wanted, lower, new.tolist(), fresh, done)
    for number, (file, own) in enumerate(zip(files, fresh, strict=True)):
        file.truncate(0)
        computed = records.read_npy(own.path, memory_map=len(new) > 0)
        for start in range(0, len(wanted.names), _COPIED):
            rows = np.arange(start, min(start + _COPIED, len(wanted.names)))
            file.copy(_in_order(rows, found, number, new, computed))
    return True


def _in_order(rows: np.ndarray, found: Known, number: int, new: np.ndarray, computed: np.ndarray) -> np.ndarray:
    """Activations of those rows, from where each is."""
    joined = np.empty((len(rows), *computed.shape[1:]), computed.dtype)
    own = np.flatnonzero(found.source[rows] < 0)
    joined[own] = computed[np.searchsorted(new, rows[own])]
    found.put(rows, number, into=joined)
    return joined


def _have_these_bits(wanted: Wanted, lower: Lower, found: Known) -> bool:
    """Whether known images, the first and the last, have them in a chunk with the first new ones, in other places."""
    there = np.flatnonzero(found.source >= 0)
    probes = np.unique([*there[: _PROBES // 2], *there[-_PROBES // 2 :]])[: max(1, lower.images - 1)]
    rows = [*found.new[: lower.images - len(probes)], *probes]
    activations = lower(next(wanted.chunks([[int(row) for row in rows]])))
    for number, computed in enumerate(activations):
        expected = np.empty_like(computed[-len(probes) :])
        found.put(probes, number, into=expected)
        if computed[-len(probes) :].tobytes() != expected.tobytes():
            return False
    return True


def _augmented(images: np.ndarray, rows: Sequence[int], identities: list[int], settings: Augmentation) -> np.ndarray:
    total = len(identities)
    drawn = [augmentation.drawn(settings, [identities[row % total]], row // total, images.shape[1:]) for row in rows]
    changes = {name: np.concatenate([of_row[name] for of_row in drawn]) for name in drawn[0]}
    moved: np.ndarray = augmentation.apply(tf.constant(images), changes).numpy()
    return moved


def image_identities(split: str, root: Path = Path()) -> list[int]:
    """One integer per image, from its content: what its random views depend on."""
    return [int(row["sha256"][:15], 16) for row in records.read_csv(root / paths.ids(split))]
