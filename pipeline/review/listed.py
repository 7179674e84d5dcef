"""Rows of the results table, kept: to read a record of many seeds and to vouch for it takes a second.

A row is taken again only for the same bytes of all that decides it: the experiment's name and folder, and our code.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from pipeline.files import paths, records
from pipeline.filing import experiments
from pipeline.identity.modules import PACKAGE

FILE = paths.STATE / "listed.json"

Rows = dict[str, Sequence[str]]


def key(name: str) -> str:
    """What the row of that experiment follows from: its name, and a digest. Raises ConfigError if its folder holds
    links."""
    folder = experiments.folder(name)
    return f"{name} {_digest(folder, folder.rglob('*'))}{_code()}"


def load() -> Rows:
    """Key → the cells of a row, of those that were listed last; empty if they cannot be read."""
    with suppress(OSError, ValueError):
        found = records.read_json(FILE)
        return found if isinstance(found, dict) else {}
    return {}


def save(rows: Rows) -> None:
    """Keep these and no others. Where the folder cannot be written to, they are made anew each time."""
    with suppress(OSError):
        records.write_json(FILE, rows)


def _digest(folder: Path, found: Iterable[Path]) -> str:
    files = (path for path in found if path.is_file())
    return records.digest({path.relative_to(folder).as_posix(): records.file_digest(path) for path in files})


@cache
def _code() -> str:
    return _digest(PACKAGE, (path for path in PACKAGE.rglob("*") if path.suffix in {".py", ".json"}))
