"""Which of the program's own modules have been written since this process began to load them.

Imported before any other module of the package, it notes how every one of them lies on the disk at that moment.
"""

import os
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
Mark = tuple[int, int, int]


def mark(path: str | Path) -> Mark | None:
    """What tells a file from its replacement without reading it: size, time of writing in ns, inode; None: no file."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino


_AT_START = {path: mark(path) for path in PACKAGE.rglob("*.py")}


def written_since(path: Path) -> bool:
    """Whether the module file `path`, absolute, is another one now than when this process began."""
    return mark(path) != _AT_START.get(path)
