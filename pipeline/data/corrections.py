"""Labels that a person has corrected: a file of names, each with the right class or `drop`, that fetch keeps beside
the images and preprocess applies, so that it is versioned with them and part of every key."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.data import names
from pipeline.data.listing import listed
from pipeline.data.reading import Example
from pipeline.files import paths, records
from pipeline.process import naming
from pipeline.process.errors import DataError
from pipeline.results.correction_list import COLUMNS, CORRECTION, NAME

if TYPE_CHECKING:
    from pipeline.data.integrity import Item

DROP = "drop"
_SHOWN = 20

Corrections = Mapping[str, str]


def read(path: Path, classes: Sequence[str]) -> dict[str, str]:
    """name → class or `DROP`, of the rows that have a correction.

    Raises DataError: no such file, no CSV, columns that are missing or unknown, and, all listed, rows whose correction
    is no class, or contradicts another.
    """
    if DROP in classes:
        raise DataError(f"data.corrections: a class is called {DROP}, which stands for leaving out; rename the class")
    found: dict[str, str] = {}
    problems = []
    for line, header, values in _rows(path):
        if len(values) != len(header):
            problems.append(f"line {line}: has {len(values)} values for {len(header)} columns")
            continue
        row = dict(zip(header, values, strict=True))
        name, correction = names.nfc(row[NAME]), names.nfc(row[CORRECTION].strip())
        if not correction:
            continue
        if correction not in classes and correction != DROP:
            problems.append(f"line {line}: {name}: found {correction}; allowed: {', '.join(classes)}, {DROP}")
        elif found.setdefault(name, correction) != correction:
            problems.append(f"line {line}: {name} is {correction} here, and {found[name]} before")
    if problems:
        what = f"data.corrections: {len(problems)} rows of {path} cannot be used:"
        raise DataError("\n".join([what, *listed([names.plain(problem) for problem in problems], _SHOWN)]))
    return found


def _rows(path: Path) -> Iterator[tuple[int, list[str], list[str]]]:
    """Of each row that is not empty its line, the columns' names, and its values."""
    if not path.is_file() or path.is_symlink():
        raise DataError(f"data.corrections: found no file at {path}; allowed: a CSV file in the folder data.path")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            if not {NAME, CORRECTION} <= set(header) <= set(COLUMNS) or len(set(header)) < len(header):
                others = ", ".join(column for column in COLUMNS if column not in (NAME, CORRECTION))
                raise DataError(
                    f"data.corrections: {path} has the columns {names.columns(header)}; allowed: {NAME} and"
                    f" {CORRECTION}, and if you like {others}, each once, separated by commas"
                )
            yield from ((reader.line_num, header, values) for values in reader if values)
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"data.corrections: {path} is no CSV file in UTF-8 ({error})") from None


def in_force() -> dict[str, str]:
    """name → class or `DROP`, as fetch keeps them beside the images of the project; empty if there are none."""
    found: dict[str, str] = records.read_json(paths.CORRECTIONS) if paths.CORRECTIONS.exists() else {}
    return found


def applied(examples: Iterable[Example], corrections: Corrections, classes: Sequence[str]) -> Iterator[Example]:
    """`examples` with their corrected labels, without the dropped ones."""
    for example in examples:
        correction = corrections.get(example.name)
        if correction is None:
            yield example
        elif correction != DROP:
            yield replace(example, label=classes.index(correction))


def of_copies(items: Sequence[Item], corrections: Corrections) -> dict[str, str]:
    """name → correction, of all images that are identical to a corrected one: where one of each is kept, whoever
    corrects it knows no other. Raises DataError if identical images are corrected in several ways.
    """
    found: dict[str, str] = {}
    for item in items:
        correction = corrections.get(item.name)
        if correction and found.setdefault(item.sha256, correction) != correction:
            raise DataError(
                f"data.corrections: {names.plain(item.name)} is {correction}, and {found[item.sha256]} by another row"
                " that is of an identical image; with data.deduplicate: true one of them is kept: correct them alike"
            )
    return {item.name: found[item.sha256] for item in items if item.sha256 in found}


def refuse_unknown(corrections: Corrections, there: Iterable[str]) -> None:
    """Raise DataError, naming them, if corrections are of images that are not `there`."""
    known = set(there)
    unknown = [names.plain(name) for name in corrections if name not in known]
    if unknown:
        raise DataError(
            f"data.corrections: {len(unknown)} images it names are not in the source:"
            f" {naming.some(unknown, _SHOWN)}; allowed: names as in data/images/splits.csv"
        )
