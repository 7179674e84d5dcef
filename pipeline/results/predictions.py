"""predictions.csv: what a network said about every image, enough to compute every metric again from the file alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.files import records
from pipeline.process.errors import DataError
from pipeline.results import drawn_tables, metrics
from pipeline.results.drawn_tables import exact
from pipeline.results.metrics import ClassScores

PREFIX = "p_"  # keeps the columns of classes apart from the others, whatever the classes are called
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
    """Columns: name; label and predicted, as class names; p_<class>, the probabilities, exactly."""
    classes = predictions.classes
    rows = zip(
        predictions.names,
        (classes[i] for i in predictions.labels),
        (classes[i] for i in predictions.predicted),
        (row.tolist() for row in predictions.probabilities),
        strict=True,
    )
    header = ["name", "label", "predicted", *(PREFIX + c for c in classes)]
    drawn_tables.write(path, header, ([name, label, predicted, *p] for name, label, predicted, p in rows))


def read(path: Path) -> Predictions:
    """What `write` wrote. Raises DataError if it is anything else, or a prediction is not the most probable class.

    Takes about twice the memory of the probabilities, 8 N·K bytes, and the text of the rows it is at.
    """
    rows = records.csv_rows(path)
    header = [exact(name) for name in next(rows, [])]
    texts = [header.index(name) for name in _TEXTS if name in header]
    first = next(rows, None) if len(texts) == len(_TEXTS) else None
    if first is None:
        raise DataError(f"{path}: found no rows with name, label and predicted; needed: what the stage evaluate writes")
    numbers = [i for i, column in enumerate(header) if column.startswith(PREFIX)]
    classes = [header[i].removeprefix(PREFIX) for i in numbers]
    try:
        names, labels, predicted, probabilities = zip(
            *(_row(row, len(header), texts, numbers) for row in chain([first], rows)), strict=True
        )
        found = Predictions(classes, list(names), _indices(labels, classes), np.array(probabilities))
    except (ValueError, DataError) as error:
        raise DataError(f"{path}: {error}") from None
    for name, said, most_probable in zip(names, predicted, found.predicted, strict=True):
        if said != classes[most_probable]:
            raise DataError(
                f"{path}: {name}: predicted is {said!r}, the most probable class is"
                f" {classes[most_probable]!r}: the file was changed after it was written; run dvc repro"
            )
    return found


def _row(row: list[str], columns: int, texts: list[int], numbers: list[int]) -> tuple[Any, ...]:
    """The cells of a row: name, label, predicted and, float64 (K,), the probabilities."""
    if len(row) != columns:
        raise DataError(f"a row has {len(row)} cells, the first line {columns}: {row[0]!r}; run dvc repro")
    return *(exact(row[i]) for i in texts), np.array([float(row[i]) for i in numbers])


def _indices(labels: Sequence[str], classes: Sequence[str]) -> np.ndarray:
    """int64 (N,): the places of class names."""
    index = {name: i for i, name in enumerate(classes)}
    if unknown := set(labels) - index.keys():
        raise DataError(f"label {min(unknown)!r} has no column {PREFIX}{min(unknown)}")
    return np.array([index[label] for label in labels], dtype=np.int64)
