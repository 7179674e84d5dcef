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


def _cells(row: Sequence[Any]) -> list[Any]:
    return [escaped(cell) if isinstance(cell, str) else cell for cell in row]
