"""Tables that `dvc plots` draws: DVC writes every cell into a script of its page, where `<` could end the script.

So `<` is `&lt;` in them, and what already reads like that is `&amp;lt;`: names come back exactly.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pipeline.files import records

_ESCAPED = {"&lt;": "<", "&amp;": "&"}


def escaped(text: str) -> str:
    return re.sub("&(?=lt;|amp;)", "&amp;", text).replace("<", "&lt;")


def exact(text: str) -> str:
    """The `text` that was `escaped`."""
    return re.sub("&(lt|amp);", lambda found: _ESCAPED[found[0]], text) if "&" in text else text


def write(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """As `records.write_csv`, texts escaped."""
    records.write_csv(path, [escaped(name) for name in header], (_cells(row) for row in rows))


def read(path: Path) -> list[dict[str, str]]:
    """What `write` wrote, as texts; as with `records.read_csv`, what a row lacks or has too many is None."""
    return [{_exact(name): _exact(cell) for name, cell in row.items()} for row in records.read_csv(path)]


def _exact(text: Any) -> Any:
    return exact(text) if isinstance(text, str) else text


def _cells(row: Sequence[Any]) -> list[Any]:
    return [escaped(cell) if isinstance(cell, str) else cell for cell in row]
