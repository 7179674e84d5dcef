"""DVC's cache, object by object: DVC believes a read-only object unread, so a damaged one would stay for ever."""

import configparser
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeGuard

from pipeline.files import records
from pipeline.process.errors import ConfigError, in_one_line

_DVC = Path(".dvc")
_NAME = re.compile(r"[0-9a-f]{32}(\.dir)?")


def settings(project: Path) -> configparser.ConfigParser:
    """DVC's configuration, the user's own below the project's, as DVC lays one over the other.

    Raises ConfigError, naming the file, if one cannot be read.
    """
    own = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "dvc"
    found = configparser.ConfigParser(interpolation=None, strict=False)
    for file in (own / "config", project / _DVC / "config", project / _DVC / "config.local"):
        try:
            found.read(file, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError) as error:
            raise ConfigError(
                f"{file}: DVC cannot read its configuration ({in_one_line(error)}): mend or remove it"
            ) from None
    return found


def folder(project: Path) -> Path:
    """Where the cache is: .dvc/cache, or wherever cache.dir says, relative to the project's .dvc."""
    said = settings(project).get("cache", "dir", fallback="cache").strip("\"'")
    return project / _DVC / Path(said).expanduser()


def links(project: Path) -> set[str]:
    """How outputs may be tied to the cache: of reflink, hardlink, symlink and copy those that are configured."""
    said = settings(project).get("cache", "type", fallback="reflink,copy").strip("\"'")
    return {kind.strip() for kind in said.split(",")}


def place(cache: Path, name: str) -> Path:
    """The file of the object called `name`, an MD5, in `cache`; .dir of a folder's list of files."""
    return cache / "files" / "md5" / name[:2] / name[2:]


def is_name(text: Any) -> TypeGuard[str]:
    return isinstance(text, str) and _NAME.fullmatch(text) is not None


def damaged(cache: Path, name: str) -> bool:
    """Whether the object `name` is there, with other bytes than it is called by."""
    file = place(cache, name)
    return file.is_file() and records.md5(file) != name.removesuffix(".dir")


def remove_damaged(cache: Path, name: str) -> bool:
    """Remove the object `name` if it is damaged, so that DVC has it computed again; whether it was."""
    if not damaged(cache, name):
        return False
    place(cache, name).unlink()
    return True


def listed(cache: Path, name: str) -> Iterator[tuple[str, str]]:
    """Relative path and MD5 of each file in the folder that the object `name` stands for; none if it is not there."""
    file = place(cache, name)
    if not file.is_file() or damaged(cache, name):
        return
    for entry in records.read_json(file):
        if is_name(entry["md5"]):
            yield entry["relpath"], entry["md5"]
