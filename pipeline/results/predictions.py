"""What a network said about every image, enough to compute every metric again from the files alone.

predictions.csv, and the same with types in predictions.parquet; of many classes only that has the probabilities.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.files import records
from pipeline.process.errors import DataError
from pipeline.results import drawn_tables, metrics, quick_tables, typed_tables
from pipeline.results.drawn_tables import exact
from pipeline.results.metrics import ClassScores

PREFIX = "p_"  # keeps the columns of classes apart from the others, whatever the classes are called
MOST_COLUMNS = 100  # classes whose probabilities the CSV has as well
_TEXTS = ("name", "label", "predicted")


@dataclass(frozen=True)
class Predictions:
    """Of N images: `names` in the data set, `labels` int64 (N,), `probabilities` float64 (N, K) of the K `classes`.

    Raises DataError if the sizes differ or the probabilities are none.
    """

    classes: list[str]
    names: list[str]
    labels: np.ndarray
    probabilities: np.ndarray

    def __post_init__(self) -> None:
        metrics.check(self.labels, self.probabilities)
        needed = len(self.names), len(self.classes)
        if self.probabilities.shape != needed:
            raise DataError(
                f"probabilities: found shape {self.probabilities.shape}; needed: {needed}, for {needed[0]} named images"
                f" of {needed[1]} classes. The stored images and the model do not belong together: run dvc repro"
            )

    @property
    def predicted(self) -> np.ndarray:
        """int64 (N,): class indices."""
        return metrics.predicted_classes(self.probabilities)

    @property
    def correct(self) -> np.ndarray:
        """bool (N,)."""
        right: np.ndarray = self.predicted == self.labels
        return right

    @property
    def scores(self) -> dict[str, ClassScores]:
        """Of each class by name, in the order of `classes`."""
        scores = metrics.per_class(self.labels, self.predicted, len(self.classes))
        return dict(zip(self.classes, scores, strict=True))


def write(path: Path, predictions: Predictions) -> None:
    """Columns: name; label and predicted, as class names; p_<class>, the probabilities, exactly.

    Of more than MOST_COLUMNS classes the CSV at `path` has the first three only; the Parquet file beside it has all.
    """
    classes = predictions.classes
    answers = ([classes[i] for i in indices] for indices in (predictions.labels, predictions.predicted))
    texts = dict(zip(_TEXTS, (predictions.names, *answers), strict=True))
    columns = [PREFIX + name for name in classes]
    typed_tables.write(typed_tables.beside(path), texts, columns, predictions.probabilities)
    shown = len(classes) if len(classes) <= MOST_COLUMNS else 0
    rows = zip(*texts.values(), predictions.probabilities[:, :shown], strict=True)
    drawn_tables.write(path, [*texts, *columns[:shown]], ([*said, *row.tolist()] for *said, row in rows))


def read(path: Path, typed: Path | None = None) -> Predictions:
    """What `write` wrote. Raises DataError if it is anything else, or a prediction is not the most probable class.

    `typed`: where the Parquet file is, if not beside the CSV at `path`; read only if that has no probabilities.
    Takes about twice the memory of the probabilities, 8 N·K bytes, and of its text no more than a small table.
    """
    rows = records.csv_rows(path)
    header = [exact(name) for name in next(rows, [])]
    texts = [header.index(name) for name in _TEXTS if name in header]
    first = next(rows, None) if len(texts) == len(_TEXTS) else None
    if first is None:
        raise DataError(f"{path}: found no rows with name, label and predicted; needed: what the stage evaluate writes")
    if header == list(_TEXTS):
        return _typed(path, typed or typed_tables.beside(path), [first, *rows])
    numbers = [i for i, column in enumerate(header) if column.startswith(PREFIX)]
    classes = [header[i].removeprefix(PREFIX) for i in numbers]
    try:
        quick = quick_tables.read(path, len(header), texts, numbers)
        said, probabilities = quick or _columns(chain([first], rows), len(header), texts, numbers)
        names, labels, predicted = ([exact(cell) for cell in column] for column in said)
        found = Predictions(classes, names, _indices(labels, classes), probabilities)
    except (ValueError, DataError) as error:
        raise DataError(f"{path}: {error}") from None
    _require_most_probable(path, found, predicted)
    return found


def in_typed_only(path: Path) -> bool:
    """Whether the CSV at `path` leaves the probabilities to the Parquet file."""
    return next(records.csv_rows(path), None) == list(_TEXTS)


def _typed(path: Path, typed: Path, rows: list[list[str]]) -> Predictions:
    """Of the Parquet file `typed`, which says of each image what the `rows` of the CSV at `path` say."""
    texts, columns, probabilities = typed_tables.read(typed, _TEXTS)
    if [[exact(cell) for cell in row] for row in rows] != [list(row) for row in zip(*texts.values(), strict=True)]:
        raise DataError(f"{path}: says other things than {typed}: one was changed after it was written; run dvc repro")
    classes = [column.removeprefix(PREFIX) for column in columns]
    try:
        found = Predictions(classes, texts["name"], _indices(texts["label"], classes), probabilities)
    except DataError as error:
        raise DataError(f"{typed}: {error}") from None
    _require_most_probable(typed, found, texts["predicted"])
    return found


def _require_most_probable(path: Path, found: Predictions, predicted: Sequence[str]) -> None:
    for name, said, most_probable in zip(found.names, predicted, found.predicted, strict=True):
        if said != found.classes[most_probable]:
            raise DataError(
                f"{path}: {name}: predicted is {said!r}, the most probable class is"
                f" {found.classes[most_probable]!r}: the file was changed after it was written; run dvc repro"
            )


def _columns(
    rows: Iterable[list[str]], columns: int, texts: list[int], numbers: list[int]
) -> tuple[Sequence[Sequence[str]], np.ndarray]:
    """As `quick_tables.read`. Raises DataError or ValueError for what is no row of `columns` cells, or no number."""
    *said, probabilities = zip(*(_row(row, columns, texts, numbers) for row in rows), strict=True)
    return said, np.array(probabilities)


def _row(row: list[str], columns: int, texts: list[int], numbers: list[int]) -> tuple[Any, ...]:
    """The cells of a row: name, label, predicted and, float64 (K,), the probabilities."""
    if len(row) != columns:
        raise DataError(f"a row has {len(row)} cells, the first line {columns}: {row[0]!r}; run dvc repro")
    return *(row[i] for i in texts), np.array([float(row[i]) for i in numbers])


def _indices(labels: Sequence[str], classes: Sequence[str]) -> np.ndarray:
    """int64 (N,): the places of class names."""
    index = {name: i for i, name in enumerate(classes)}
    if unknown := set(labels) - index.keys():
        raise DataError(f"label {min(unknown)!r} has no column {PREFIX}{min(unknown)}")
    return np.array([index[label] for label in labels], dtype=np.int64)
