"""Rows of arrays that may be on disk, in another order, as one array: read when they are asked for."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.files import paths, records
from pipeline.identity import fingerprint


class Selection:
    """The `rows` int64 (N,) of `parts` (M_i, …), as if those stood below each other. Slices and lists of rows of it are
    arrays; so is `np.asarray` of all."""

    def __init__(self, parts: Sequence[np.ndarray], rows: np.ndarray) -> None:
        self._parts, self._rows = parts, rows
        self._starts = np.cumsum([0, *(len(part) for part in parts)])
        self.dtype = parts[0].dtype
        self.shape = (len(rows), *parts[0].shape[1:])
        self.nbytes = int(np.prod(self.shape)) * self.dtype.itemsize

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, chosen: Any) -> np.ndarray:
        rows = self._rows[chosen]
        taken = np.empty((len(rows), *self.shape[1:]), self.dtype)
        for start, part in zip(self._starts, self._parts, strict=False):
            own = (rows >= start) & (rows < start + len(part))
            taken[own] = part[rows[own] - start]
        return taken

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self[:].astype(dtype or self.dtype, copy=False)


def labels_of(root: Path) -> np.ndarray:
    """int64 (N,): of the images of training, then those of validation."""
    return np.concatenate([records.read_npy(root / paths.labels(s), memory_map=False) for s in fingerprint.SPLITS])
