"""A NumPy file that is written by appending rows, and goes on where a kill has cut it off."""

import io
import os
from pathlib import Path

import numpy as np


class Rows:
    """An .npy file of `rows` rows that is written by appending; what is complete is read off its size."""

    def __init__(self, path: Path, rows: int, shape: tuple[int, ...], dtype: str) -> None:
        self.path = path
        self._row_bytes = int(np.prod(shape)) * np.dtype(dtype).itemsize
        self.rows = rows
        head = io.BytesIO()
        descr = np.lib.format.dtype_to_descr(np.dtype(dtype))
        np.lib.format.write_array_header_1_0(head, {"descr": descr, "fortran_order": False, "shape": (rows, *shape)})
        self._offset = head.tell()
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.stat().st_size < self._offset:  # killed before even the header was written
            path.write_bytes(head.getvalue())

    def complete(self, chunk: int) -> int:
        """Rows that are there, in whole chunks (or all)."""
        there = (self.path.stat().st_size - self._offset) // self._row_bytes
        return self.rows if there >= self.rows else there // chunk * chunk

    def truncate(self, rows: int) -> None:
        os.truncate(self.path, self._offset + rows * self._row_bytes)

    def append(self, rows: np.ndarray) -> None:
        """Write rows that have been computed."""
        self.copy(rows)

    def copy(self, rows: np.ndarray) -> None:
        """Write rows that are elsewhere, too."""
        with self.path.open("ab") as file:
            file.write(np.ascontiguousarray(rows).data)
