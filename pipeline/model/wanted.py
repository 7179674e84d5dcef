"""What is to be extracted: rows of splits, each an image or one of its random views, and their pixels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
import tensorflow as tf

from pipeline.files import paths, records
from pipeline.model import augmentation, known

if TYPE_CHECKING:
    from pipeline.params.images_section import Augmentation
    from pipeline.params.schema import Params

Place = tuple[str, int]  # a split, and a row of it


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


def by_split(places: Sequence[Place]) -> Iterator[tuple[str, list[int]]]:
    """Neighbours of one split together, in their order."""
    return ((split, [row for _, row in of_split]) for split, of_split in groupby(places, key=itemgetter(0)))


def parts(places: Iterator[Place], size: int) -> Iterator[list[Place]]:
    """`size` places at a time, and what is left."""
    while part := list(islice(places, size)):
        yield part


def chunk(splits: Mapping[str, Wanted], identities: Mapping[str, list[int]], places: Sequence[Place]) -> np.ndarray:
    """The images at `places`, of whichever splits: uint8 (n, H, W, C)."""
    return np.concatenate([splits[split].chunk(rows, identities[split]) for split, rows in by_split(places)])


def chunks(splits: Mapping[str, Wanted], parts: Iterable[Sequence[Place]]) -> Iterator[np.ndarray]:
    """Of each part the images at its places."""
    identities = {split: of_split.identities for split, of_split in splits.items()}
    return (chunk(splits, identities, places) for places in parts)


def image_identities(split: str, root: Path = Path()) -> list[int]:
    """One integer per image, from its content: what its random views depend on."""
    return [int(row["sha256"][:15], 16) for row in records.read_csv(root / paths.ids(split))]


def _augmented(images: np.ndarray, rows: Sequence[int], identities: list[int], settings: Augmentation) -> np.ndarray:
    total = len(identities)
    drawn = [augmentation.drawn(settings, [identities[row % total]], row // total, images.shape[1:]) for row in rows]
    changes = {name: np.concatenate([of_row[name] for of_row in drawn]) for name in drawn[0]}
    moved: np.ndarray = augmentation.apply(tf.constant(images), changes).numpy()
    return moved
