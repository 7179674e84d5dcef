"""An extraction that is killed as it writes."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from pipeline.files import paths
from pipeline.model.rows import Rows


class KilledError(Exception):
    pass


@contextmanager
def killed_at(monkeypatch: pytest.MonkeyPatch, method: str, writes: int) -> Iterator[list[int]]:
    """Within it an extraction is killed after so many writes by that method of Rows; yields how many rows each had."""
    written: list[int] = []
    write = getattr(Rows, method)

    def counting(self: Rows, rows: np.ndarray) -> None:
        if len(written) == writes:
            raise KilledError
        written.append(len(rows))
        write(self, rows)

    with monkeypatch.context() as patch:
        patch.setattr(Rows, method, counting)
        with pytest.raises(KilledError):
            yield written
    assert not list(paths.FEATURES.rglob("*.npy"))  # nothing unfinished is where results are
