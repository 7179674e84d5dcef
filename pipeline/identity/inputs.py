"""How a file or a folder lies on the disk: enough to name what was added, written or removed in it meanwhile.

A folder's files are not read, so a million photographs cost a look at each; a single file is, if it is small.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import translate
from pathlib import Path

from pipeline.files import records
from pipeline.process import loaded
from pipeline.process.loaded import Mark

SMALL_BYTES = 1 << 24
_IGNORED = Path(".dvcignore")


@dataclass(frozen=True)
class State:
    """Of a file its `mark`, None if it is not there, and, if it is small, its MD5; of a folder its `files`.

    `files`: name relative to the folder → hash of its mark. Hidden files, and those DVC ignores, are not among them.
    """

    mark: Mark | None = None
    digest: str | None = None
    files: Mapping[str, int] = field(default_factory=dict)


def state(path: Path) -> State:
    if path.is_dir():
        return State(files=dict(_files(path)))
    mark = loaded.mark(path)
    return State(mark, records.md5(path) if mark and mark[0] <= SMALL_BYTES else None)


def differences(before: State, after: State) -> list[str]:
    """What happened between two states of one path, as in "rose/1.jpg was added"."""
    if before == after:
        return []
    if not before.files and not after.files:
        return [f"it was {_happened(before.mark, after.mark)}"]
    names = sorted(before.files.keys() | after.files.keys())
    changed = [name for name in names if before.files.get(name) != after.files.get(name)]
    return [f"{_printable(name)} was {_happened(before.files.get(name), after.files.get(name))}" for name in changed]


def _happened(before: object, after: object) -> str:
    return "added" if before is None else "removed" if after is None else "written"


def _printable(name: str) -> str:
    return name.encode(errors="replace").decode()


def _files(root: Path) -> Iterator[tuple[str, int]]:
    seen = set()
    ignored = _ignored()
    waiting = [(str(root), "")]
    while waiting:
        folder, prefix = waiting.pop()
        found = os.stat(folder)
        if (found.st_dev, found.st_ino) in seen:  # a link that leads back up
            continue
        seen.add((found.st_dev, found.st_ino))
        with os.scandir(folder) as entries:
            for entry in entries:
                if ignored.match(entry.name):
                    continue
                if _is_folder(entry):
                    waiting.append((entry.path, f"{prefix}{entry.name}/"))
                else:
                    yield prefix + entry.name, hash(loaded.mark(entry.path) or ())


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _ignored() -> re.Pattern[str]:
    """Names of hidden files and of those that .dvcignore names without a folder."""
    lines = _IGNORED.read_text(encoding="utf-8").splitlines() if _IGNORED.exists() else []
    names = [line.strip() for line in lines if line.strip() and not line.startswith(("#", "!")) and "/" not in line]
    return re.compile("|".join(translate(name) for name in [".*", *names]))
