"""Folders that are never half-written: a new one is made beside the old one and takes its place when it is whole."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Yield an empty folder beside `path` that becomes `path` on success; on any error it goes, and the old one stays.

    What a killed process left is put right first.
    """
    new, old = (path.with_name(f".{path.name}.{kind}") for kind in ("new", "old"))
    if old.exists() and not path.exists():  # killed between the two renames below
        old.rename(path)
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        yield new
        shutil.rmtree(old, ignore_errors=True)
        if path.exists():
            path.rename(old)
        new.rename(path)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(new, ignore_errors=True)
