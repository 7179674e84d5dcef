"""The table source: files anywhere below a folder, each with the class that a table in that folder says."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.data import image_files, names, table, tree
from pipeline.data.image_files import BadFile, Labelled
from pipeline.data.table import Row
from pipeline.process.errors import DataError


@dataclass(frozen=True)
class Table:
    """The rows of the table at `path`, which lies below the folder of images `source`; each names a file there."""

    source: Path
    path: Path
    rows: Sequence[Row]


def read(source: Path, file: str) -> Table:
    """Table `file` in `source`.

    Raises DataError: `source` is no folder, or rows that cannot be used (all are listed: no file there, a link, …).
    """
    if not source.is_dir():
        what = "a file" if source.exists() else "nothing"
        raise DataError(
            f"data.path: found {what} at {source}; allowed: the folder that holds data.table and the images"
        )
    path = source / file
    tree.require_watched(source, path, "data.table")
    spelled = tree.spelling(path.parent)
    rows = [replace(row, file=spelled(row.file)) for row in table.read(path)]
    if problems := [(row.where, wrong) for row in rows if (wrong := _wrong(source, path, row))]:
        raise DataError(table.refusal(path, problems))
    tree.refuse_ignored(source, (path.parent / row.file for row in rows))
    return Table(source, path, rows)


def write(folder: Path, name: str, listed: Table, on_bad_image: str) -> list[BadFile]:
    """Write the images that are `listed` below `folder` as data set `name`; return those left out.

    Splits and groups are the table's, if it has them. Raises DataError: fewer than two classes, class names that cannot
    be used, and as `image_files.write`.
    """
    found_classes = classes(listed.path, listed.rows)
    found: dict[str, list[Labelled]] = {}
    for row in sorted(listed.rows, key=lambda row: row.file):
        labelled = Labelled(
            listed.path.parent / row.file, found_classes.index(names.nfc(row.label)), names.nfc(row.group)
        )
        found.setdefault(row.split or "train", []).append(labelled)
    return image_files.write(folder, name, listed.source, found_classes, found, on_bad_image)


def weights(listed: Table) -> dict[str, float]:
    """How much images count in training, by name: those that do not count 1."""
    read = {_name(listed, row): float(row.weight) for row in listed.rows if row.weight}
    return {name: weight for name, weight in sorted(read.items()) if weight != 1}


def _name(listed: Table, row: Row) -> str:
    return names.composed((listed.path.parent / row.file).relative_to(listed.source).as_posix())


def _wrong(source: Path, path: Path, row: Row) -> str | None:
    place = path.parent / row.file
    if not os.path.lexists(place):
        return f"{row.file} is not there"
    if tree.linked(source, place):
        return f"{row.file} is a link or behind one, and DVC does not watch what it leads to; put the file there"
    return None if place.is_file() else f"{row.file} is no file"


def classes(path: Path, rows: Sequence[Row]) -> list[str]:
    """The labels of a table, sorted. Raises DataError if they cannot be class names, or are fewer than two."""
    names.require_distinct(sorted({row.label for row in rows}), f"data.table: {path}")
    found = sorted({names.nfc(row.label) for row in rows})
    if len(found) < 2:
        raise DataError(f"data.table: {path} has one label, {found[0]}; allowed: at least two")
    return found
