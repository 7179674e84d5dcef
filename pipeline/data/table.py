"""A table of labels as people keep it: a row for each image file, with its class and, if there, its group, split and
how much it counts."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from pipeline.data import layout, names
from pipeline.data.listing import listed
from pipeline.params.suggestions import nearest
from pipeline.process.errors import DataError

FILE, LABEL = "file", "label"
COLUMNS = (FILE, LABEL, "group", "split", "weight")
LARGEST_WEIGHT = 1e6  # of an image: sums of losses stay exact enough
_SHOWN = 50


@dataclass(frozen=True)
class Row:
    """`where`: "line 7" of a CSV file, "row 6" of Parquet. `file`: relative to the table. `split`: ours, or "".
    `weight`: how much the image counts in training, as written; "" = 1."""

    where: str
    file: str
    label: str
    group: str
    split: str
    weight: str = ""


def read(path: Path) -> list[Row]:
    """The rows of a CSV, TSV or Parquet file. Raises DataError naming columns, or all rows, that are not as allowed."""
    reader = _READERS.get(path.suffix.lower())
    if reader is None or not path.is_file():
        there = path.suffix or "no ending" if path.is_file() else "nothing"
        raise DataError(f"data.table: found {there} at {path}; allowed: a table, {', '.join(_READERS)}")
    header, lines = reader(path)
    _check_header(path, header)
    rows, problems = _parted(header, lines)
    problems += [(row.where, wrong) for row in rows if (wrong := _wrong(row))]
    problems += _contradictions(rows)
    if problems:
        raise DataError(refusal(path, problems))
    if not rows:
        raise DataError(f"data.table: {path} has no row; allowed: one for each image")
    return [_with_split(row) for row in rows]


def refusal(path: Path, problems: list[tuple[str, str]]) -> str:
    """A message that lists what is wrong, row by row."""
    lines = [f"{where}: {names.plain(wrong)}" for where, wrong in problems]
    count = len({where for where, _ in problems})
    return "\n".join([f"data.table: {count} rows of {path} cannot be used:", *listed(lines, _SHOWN)])


Lines = Iterator[tuple[str, list[str]]]


def _read_text(separator: str) -> Callable[[Path], tuple[list[str], Lines]]:
    def read_text(path: Path) -> tuple[list[str], Lines]:
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.reader(file, delimiter=separator, strict=True)
                header = next(reader, [])
                lines = [(f"line {reader.line_num}", values) for values in reader if values]
        except UnicodeDecodeError as error:
            raise DataError(f"data.table: {path} is not UTF-8 ({error.reason}); save it as UTF-8") from None
        except csv.Error as error:
            raise DataError(f"data.table: {path}, line {reader.line_num}: {error}") from None
        return header, iter(lines)

    return read_text


def _read_parquet(path: Path) -> tuple[list[str], Lines]:
    from pyarrow import ArrowException, parquet, types

    try:
        schema = parquet.read_schema(path)
        _check_header(path, schema.names)
        strange = [field for field in schema if types.is_nested(field.type) or "binary" in str(field.type)]
        if strange:
            found = ", ".join(f"{field.name} of type {field.type}" for field in strange)
            raise DataError(f"data.table: {path}: found {found}; allowed: text and numbers")
        content = parquet.read_table(path)
    except (ArrowException, OSError) as error:
        raise DataError(f"data.table: {path} is no Parquet file ({' '.join(str(error).split())[:200]})") from None
    columns = [[_text(value) for value in column.to_pylist()] for column in content.columns]
    return content.column_names, ((f"row {i}", list(values)) for i, values in enumerate(zip(*columns, strict=True), 1))


def _text(value: object) -> str:
    """Nothing for what is missing; a number that is none (NaN) is how other tools write that."""
    return "" if value is None or value != value else str(value)


_READERS = {".csv": _read_text(","), ".tsv": _read_text("\t"), ".parquet": _read_parquet}


def _check_header(path: Path, header: list[str]) -> None:
    allowed = (
        f"allowed: {', '.join(COLUMNS)}, separated by commas (tabs in .tsv), of which file and label must be there"
    )
    if not header:
        raise DataError(f"data.table: {path} is empty; {allowed}")
    if missing := [name for name in (FILE, LABEL) if name not in header]:
        raise DataError(f"data.table: {path} has the columns {names.columns(header)}, and no {missing[0]}; {allowed}")
    if unknown := [name for name in header if name not in COLUMNS]:
        near = nearest(unknown[0], COLUMNS)
        hint = f"; did you mean {near}?" if near else ""
        raise DataError(f"data.table: {path} has the unknown columns {names.columns(unknown)}{hint}; {allowed}")
    if len(set(header)) < len(header):
        raise DataError(f"data.table: {path} has a column twice: {names.columns(header)}; {allowed}")


def _parted(header: list[str], lines: Lines) -> tuple[list[Row], list[tuple[str, str]]]:
    """The lines with a value for each column, and what is wrong with the others: which is whose, nobody knows."""
    rows, problems = [], []
    for where, values in lines:
        if len(values) == len(header):
            rows.append(_row(where, dict(zip(header, values, strict=True))))
        else:
            problems.append((where, f"has {len(values)} values for {len(header)} columns"))
    return rows, problems


def _row(where: str, values: dict[str, str]) -> Row:
    return Row(where, *(values.get(column, "") for column in COLUMNS))


def _wrong(row: Row) -> str | None:
    if not row.file or not row.label:
        return "has no file" if not row.file else "has no label"
    if PurePosixPath(row.file).is_absolute() or ".." in PurePosixPath(row.file).parts:
        return f"{row.file} leads out of the table's folder"
    if row.split and not layout.split_called(row.split):
        return f"the split is {row.split}; allowed: train, validation, test, or another of their names"
    if row.weight and not _is_weight(row.weight):
        return f"the weight is {row.weight}; allowed: 0 to {LARGEST_WEIGHT:,.0f}, as in 0.5, or nothing for 1"
    if row.group and names.blank(row.group):
        return "the group is a blank; allowed: a name, or nothing for an image that is in none"
    return names.problem(row.group) and f"the group {row.group}: it has a line break or is not UTF-8"


def _is_weight(text: str) -> bool:
    try:
        return 0 <= float(text) <= LARGEST_WEIGHT and "_" not in text
    except ValueError:
        return False


def _contradictions(rows: list[Row]) -> Iterator[tuple[str, str]]:
    """A file that is listed twice; rows without a split where others have one."""
    first: dict[str, Row] = {}
    some_split = any(row.split for row in rows)
    for row in rows:
        before = first.setdefault(names.nfc(str(PurePosixPath(row.file))), row)
        if before is not row and row.file:
            differ = before.label and row.label and before.label != row.label
            said = f" as {before.label}, here as {row.label}" if differ else ""
            yield row.where, f"{row.file} is listed before, in {before.where}{said}"
        if some_split and not row.split:
            yield row.where, "has no split, and others have"


def _with_split(row: Row) -> Row:
    return replace(row, split=layout.split_called(row.split) or "")
