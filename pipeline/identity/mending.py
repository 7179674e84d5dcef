"""Finds what has rotten in DVC's cache of the present results and takes it out, so that `dvc repro` computes it again.

An object is read once; it is read again when it has been written since.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.files import paths, records
from pipeline.identity import cache, certificate
from pipeline.process import loaded, naming

_VERIFIED = paths.STATE / "verified.json"
_NAMED = 5


def mend() -> Iterator[str]:
    """A sentence about each thing that was mended. Outputs stay one file with the cache only if DVC is told so."""
    place = cache.folder(Path())
    verified = _read()
    for path, name in _objects():
        mark = loaded.mark(cache.place(place, name))
        if mark is None or verified.get(name) == list(mark):
            continue
        if cache.remove_damaged(place, name):
            if os.path.isfile(path):
                os.utime(path)  # DVC looks at a file again if its time is another
            yield f"{path}: DVC's cache had it damaged and was cleared of it; dvc repro makes it again"
        else:
            verified[name] = list(mark)
    records.write_json(_VERIFIED, verified)
    if cut := list(_cut_links(place)):
        named = naming.some(cut, _NAMED)
        yield f"{len(cut)} outputs were one file with DVC's cache ({named}): they are copies of it now"


def _objects() -> Iterator[tuple[str, str]]:
    """Path and name of every object that dvc.lock needs, the lists of folders before the files in them."""
    for entry in certificate.stages().values():
        yield from ((path, name) for path, name in certificate.files(entry, "outs") if name)
    for path, output in certificate.outputs().items():
        yield path, output.md5


def _cut_links(place: Path) -> Iterator[str]:
    kinds = {"hardlink", "symlink"} - cache.links(Path())
    for path, output in certificate.outputs().items():
        file, stored = Path(path), cache.place(place, output.md5)
        tied = file.is_file() and stored.is_file() and file.samefile(stored)
        if tied and ("symlink" if file.is_symlink() else "hardlink") in kinds:
            with records.atomic(file) as copy:
                shutil.copyfile(stored, copy)
            yield path


def _read() -> dict[str, Any]:
    try:
        return dict(records.read_json(_VERIFIED))
    except (OSError, ValueError):
        return {}
