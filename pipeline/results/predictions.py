"""predictions.csv: what a network said about every image, enough to compute every metric again from the file alone."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.process.errors import DataError
from pipeline.results import drawn_tables, metrics
from pipeline.results.metrics import ClassScores

PREFIX = "p_"  # keeps the columns of classes apart from the others, whatever the classes are called


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
        predictions.probabilities.tolist(),
        strict=True,
    )
    header = ["name", "label", "predicted", *(PREFIX + c for c in classes)]
    drawn_tables.write(path, header, ([name, label, predicted, *p] for name, label, predicted, p in rows))


def read(path: Path) -> Predictions:
    """What `write` wrote. Raises DataError if it is anything else, or a prediction is not the most probable class."""
    rows = drawn_tables.read(path)
    if not rows or not {"name", "label", "predicted"} <= rows[0].keys():
        raise DataError(f"{path}: found no rows with name, label and predicted; needed: what the stage evaluate writes")
    classes = [column.removeprefix(PREFIX) for column in rows[0] if column.startswith(PREFIX)]
    index = {name: i for i, name in enumerate(classes)}
    if unknown := {row["label"] for row in rows} - index.keys():
        raise DataError(f"{path}: label {min(unknown)!r} has no column {PREFIX}{min(unknown)}")
    labels = np.array([index[row["label"]] for row in rows], dtype=np.int64)
    try:
        probabilities = np.array([[float(row[PREFIX + c]) for c in classes] for row in rows])
        predictions = Predictions(classes, [row["name"] for row in rows], labels, probabilities)
    except (TypeError, ValueError, DataError) as error:
        raise DataError(f"{path}: {error}") from None
    for row, most_probable in zip(rows, predictions.predicted, strict=True):
        if row["predicted"] != classes[most_probable]:
            raise DataError(
                f"{path}: {row['name']}: predicted is {row['predicted']!r}, the most probable class is"
                f" {classes[most_probable]!r}: the file was changed after it was written; run dvc repro"
            )
    return predictions
