"""Prepared images on the disk while it is not known yet which split each goes into: written once, never all in memory.

They are in an .npy file beside the outputs. If they become a split as they are, it becomes that split's file.
"""

import math
import os
import tempfile
import weakref
from pathlib import Path
from typing import BinaryIO

import numpy as np

from pipeline.files import paths, records
from pipeline.process import limits


class Pixels:
    """uint8 (N, H, W, C), values 0–255, appended image by image and read back one by one.

    The file goes with the object; that of a killed process is removed by the next stage. Raises OSError if the disk has
    not the space.
    """

    def __init__(self, images: int, height: int, width: int, channels: int) -> None:
        self.shape = (images, height, width, channels)
        paths.IMAGES.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=paths.IMAGES, prefix=".", suffix=".images.npy")
        self._path = Path(name)
        self._removed = weakref.finalize(self, self._path.unlink, missing_ok=True)
        self._file = os.fdopen(handle, "w+b")
        write_header(self._file, self.shape)
        self._start = self._file.tell()
        self._row_bytes = height * width * channels
        _reserve(handle, self._start + images * self._row_bytes)

    def append(self, image: np.ndarray) -> None:
        """uint8 (H, W, C)."""
        self._file.write(image.tobytes())

    def row(self, number: int) -> bytes:
        self._file.flush()
        return os.pread(self._file.fileno(), self._row_bytes, self._start + number * self._row_bytes)

    def become(self, path: Path) -> None:
        """Be the file `path` from now on, all N having been appended."""
        self._file.close()
        with records.atomic(path) as temporary:
            self._path.replace(temporary)


def write_header(file: BinaryIO, shape: tuple[int, ...]) -> None:
    """Of an .npy file of uint8 in that shape."""
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})


def require_space(images: int, shape: tuple[int, int, int], copied: bool) -> int:
    """Bytes that N images (H, W, C) take while they are prepared, `copied` into splits or not.

    Raises MachineError, before any work, if the disk has not that much.
    """
    needed = images * math.prod(shape) * (2 if copied else 1)
    why = " (twice, as they are drawn into splits or some are left out)" if copied else ""
    limits.require_disk(
        needed,
        f"{images:,} prepared images of {' × '.join(map(str, shape))} bytes{why}",
        "lower images.height and width, or set data.limit",
    )
    return needed


def _reserve(file: int, size: int) -> None:
    """Take the space on the disk now: better no work than work in vain."""
    if hasattr(os, "posix_fallocate"):  # not on macOS
        os.posix_fallocate(file, 0, size)
