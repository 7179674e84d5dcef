"""Artifacts lie beside the database, wherever that is by now: MLflow keeps their places as absolute paths.

A project that was moved would look for them where it was, and create that folder again; one that was copied would write
into the first one's. So the places follow the database when it is opened, and it is said that they did.
"""

import os
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from pipeline.process.compat import mlflow_tables

FOLDER = "mlartifacts"


def beside(folder: Path) -> str:
    """The URI of the artifacts of a database in `folder`."""
    return (folder / FOLDER).as_uri()


def follow(database: Path) -> list[Path]:
    """Rewrite places below folders that the SQLite file `database` has left; returns those folders."""
    folders = {folder for place in mlflow_tables.experiments_places(database) if (folder := _folder(place))}
    left = sorted(folder for folder in folders if _has_left(database, folder))
    for folder in left:
        mlflow_tables.rewrite_places(database, partial(_moved, folder, database.parent))
    return left


def _folder(place: str) -> Path | None:
    """The folder whose database has its artifacts at `place`; None if that is no place of ours."""
    if urlsplit(place).scheme not in ("", "file"):
        return None
    path = Path(url2pathname(urlsplit(place).path))
    return next((parent.parent for parent in (path, *path.parents) if parent.name == FOLDER), None)


def _has_left(database: Path, folder: Path) -> bool:
    """Whether `folder` is where this database, or the one it is a copy of, was; not merely where artifacts are kept."""
    other = folder / database.name
    return not os.path.samefile(other, database) if other.exists() else not (folder / FOLDER).exists()


def _moved(old: Path, new: Path, place: str) -> str:
    for before, after in ((old.as_uri(), new.as_uri()), (str(old), str(new))):
        if place == before or place.startswith(f"{before}/"):
            return after + place.removeprefix(before)
    return place
