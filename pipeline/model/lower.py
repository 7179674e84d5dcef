"""The frozen part of a network, which makes of chunks of images the activations that are stored, here or elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from pipeline.model import wanted
from pipeline.model.rows import Rows
from pipeline.model.wanted import Place, Wanted
from pipeline.process import progress

# Of chunks of places, their activations, in order: computed by other processes, with the same bits.
Elsewhere = Callable[[Iterable[Sequence[Place]]], Iterator[list[np.ndarray]]]


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

    def append(self, what: str, splits: Mapping[str, Wanted], places: Iterator[Place], files: Sequence[Rows]) -> None:
        """Compute the rows at `places`, chunk by chunk, and write them behind what is in `files`; `what` they are."""
        total, done = files[0].rows, files[0].complete(1)
        with progress.images(f"extracting {what}", total, done) as advance:
            parts = wanted.parts(places, self.images)
            computed = self.elsewhere(parts) if self.elsewhere else map(self, wanted.chunks(splits, parts))
            for activations in computed:
                for file, of_file in zip(files, activations, strict=True):
                    file.append(of_file)
                advance(len(activations[0]))
