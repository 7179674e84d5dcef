"""A record's files, read. They may be from elsewhere: whatever is wrong with one is told by its name, and no more."""

import gzip
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pipeline.files import records
from pipeline.process.errors import DataError, HerbariumError, in_one_line
from pipeline.results import predictions, typed_tables
from pipeline.results.predictions import Predictions

LARGEST_PLAIN_BYTES = 1_000_000
_MOST_EXPANDED = 100  # times a file's size: probabilities shrink to a third, not to a thousandth
Content = TypeVar("Content")


def read(path: Path, reader: Callable[[Path], Content], remedy: str = "") -> Content | None:
    """What `reader` makes of the file, None if there is none. Raises DataError naming it, and the `remedy`, if it is
    damaged.
    """
    try:
        return reader(path) if path.exists() else None
    except HerbariumError:
        raise
    except Exception as error:  # changed bytes make the readers of CSV, JSON and gzip raise nearly anything
        advice = f"; {remedy}" if remedy else ""
        raise DataError(f"{path}: damaged: {type(error).__name__}: {in_one_line(error)}{advice}") from error


def told(tell: Callable[[Mapping[Any, Any]], Content], content: Mapping[Any, Any], name: str) -> Content:
    """What `tell` makes of a record's file `name`. Raises DataError naming it if it lacks what is told."""
    try:
        return tell(content)
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise DataError(f"{name}: damaged: {type(error).__name__}: {error}; file the run again") from error


def read_json(path: Path) -> dict[str, Any] | None:
    return read(path, lambda path: dict(records.read_json(path)))


def read_training(path: Path) -> dict[str, Any]:
    """training.json, its environment a mapping and its class names a list; empty if there is none."""

    def reader(path: Path) -> dict[str, Any]:
        content = dict(records.read_json(path))
        classes = {"classes": list(content["classes"])} if "classes" in content else {}
        return {**content, "environment": dict(content.get("environment", {})), **classes}

    return read(path, reader) or {}


def read_predictions(path: Path) -> Predictions | None:
    """predictions.csv at `path`, or compressed beside it as .csv.gz; None if there is neither.

    Of many classes the probabilities are in the Parquet file beside it.
    """
    packed = _packed(path)
    if path.exists() or not packed.exists():
        return read(path, predictions.read)
    return read(packed, lambda file: _read_packed(file, typed_tables.beside(path)))


def predictions_bytes(path: Path) -> bytes:
    """The file as it was before it was compressed, if it was."""
    return path.read_bytes() if path.exists() else _unpacked(_packed(path))


def filed(folder: Path, outputs: Iterable[Path], tables: Iterable[Path]) -> dict[Path, bytes]:
    """Output → bytes of those that a folder has; `tables`, of predictions, as they were before they were compressed."""
    both = {path: folder / path.name for table in tables for path in (table, typed_tables.beside(table))}
    plain = {path: (folder / path.name).read_bytes() for path in outputs if (folder / path.name).exists()}
    packed = {p: predictions_bytes(file) for p, file in both.items() if file.exists() or _packed(file).exists()}
    return plain | packed


def write_predictions(source: Path, folder: Path) -> None:
    """Copy predictions.csv into `folder`, compressed if it is large; the same bytes for the same content.

    The Parquet file beside it goes along if only that has the probabilities.
    """
    if predictions.in_typed_only(source):
        typed = typed_tables.beside(source)
        with records.atomic(folder / typed.name) as temporary:
            shutil.copyfile(typed, temporary)
    content = source.read_bytes()
    packed = len(content) >= LARGEST_PLAIN_BYTES
    target = folder / source.name
    with records.atomic(_packed(target) if packed else target) as temporary:
        temporary.write_bytes(gzip.compress(content, mtime=0) if packed else content)


def _packed(path: Path) -> Path:
    return path.with_name(f"{path.name}.gz")


def _read_packed(path: Path, typed: Path) -> Predictions:
    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        file.write(_unpacked(path))
        file.flush()
        try:
            return predictions.read(Path(file.name), typed)
        except DataError as error:
            raise DataError(str(error).replace(file.name, str(path))) from None


def _unpacked(path: Path) -> bytes:
    most = _MOST_EXPANDED * path.stat().st_size
    with gzip.open(path) as source:
        content = source.read(most + 1)
    if len(content) > most:
        raise DataError(
            f"{path}: is over {_MOST_EXPANDED} times larger unpacked; needed: what `herbarium record` wrote"
        )
    return content
