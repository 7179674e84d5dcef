"""Digests of files, read once a process however often they are asked for: every trial of a sweep asks again."""

import hashlib
import time
from functools import lru_cache
from pathlib import Path

# A file written a moment ago may be written again within the resolution of its times.
_SETTLED_SECONDS = 2.0


def of_file(path: Path, algorithm: str) -> str:
    """The digest of a file's bytes, hexadecimal, by an algorithm of hashlib."""
    found = path.stat()
    if time.time() - max(found.st_mtime, found.st_ctime) < _SETTLED_SECONDS:
        return _computed(path, algorithm)
    return _remembered(path.absolute(), algorithm, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


@lru_cache(maxsize=4096)
def _remembered(path: Path, algorithm: str, *_: int) -> str:
    return _computed(path, algorithm)


def _computed(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()
