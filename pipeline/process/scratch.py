"""Folders that are gone when their process is, however it ended: the next process removes what a killed one left."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

_HELD = "held"  # a lock in each folder, which ends with its process: it says which still lives


@contextmanager
def folder(below: Path, prefix: str) -> Iterator[Path]:
    """A new folder `below`/<prefix>…, removed in the end; those with the prefix that nobody uses are removed first."""
    below.mkdir(parents=True, exist_ok=True)
    with FileLock(below / f".{prefix}lock"):
        for left in (path for path in below.glob(f"{prefix}*") if path.is_dir() and not _in_use(path)):
            shutil.rmtree(left, ignore_errors=True)
        own = Path(tempfile.mkdtemp(prefix=prefix, dir=below))
        held = FileLock(own / _HELD)
        held.acquire()
    try:
        yield own
    finally:
        held.release()
        shutil.rmtree(own, ignore_errors=True)


def _in_use(found: Path) -> bool:
    held = FileLock(found / _HELD)
    try:
        held.acquire(blocking=False)
    except Timeout:
        return True
    held.release()
    return False
