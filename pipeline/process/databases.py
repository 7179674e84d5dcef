"""SQLAlchemy's URL of a SQLite file, and back: a folder's name may hold %, ? and #, which mean something in a URL."""

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

_IN_MEMORY = (None, "", ":memory:")


def sqlite_url(file: Path) -> str:
    """The URL of a database in `file`, with what a URL reads otherwise written as %XX."""
    return URL.create("sqlite", database=str(file)).render_as_string()


def sqlite_file(url: str) -> Path | None:
    """The file a URL names, as it is on the disk; None for every other database, and for one in memory."""
    parsed = _sqlite(url)
    return None if parsed is None else Path(str(parsed.database))


def with_file(url: str, file: Path) -> str:
    """The URL of a SQLite database with another `file`; its driver and options stay."""
    return make_url(url).set(database=str(file)).render_as_string(hide_password=False)


def _sqlite(url: str) -> URL | None:
    try:
        parsed = make_url(url) if url.startswith("sqlite") else None
    except (ArgumentError, ValueError):
        return None
    if parsed is None or parsed.database in _IN_MEMORY or str(parsed.database).startswith("file:"):
        return None
    return parsed
