"""Figures beside an accuracy that a paper may report: what each is of a run, and how far luck with the images reaches.

All are of a whole split: fractions 0–1, and the loss in nats.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.process.errors import DataError
from pipeline.results import balanced, metrics, statistics
from pipeline.results.history import Epoch
from pipeline.results.predictions import Predictions

METRICS = ("accuracy", "balanced_accuracy", "macro_f1", "worst_recall", "recall", "loss")
ACCURACY, BALANCED, MACRO_F1, WORST, RECALL, LOSS = METRICS
SHARES = (ACCURACY, WORST, RECALL)  # of images that are right: of all, or of a class
OF_CURVES = (ACCURACY, LOSS)  # what history.csv has of each epoch


@dataclass(frozen=True)
class Figure:
    """`of_class`: for recall only. `epoch`: of the validation images' curve; None: of the network that was kept."""

    metric: str
    split: str
    of_class: str | None = None
    epoch: int | None = None

    def __str__(self) -> str:
        of_class = f" of {self.of_class}" if self.of_class is not None else ""
        epoch = f" after epoch {self.epoch}" if self.epoch is not None else ""
        return f"{self.split} {self.metric.replace('_', ' ')}{of_class}{epoch}"


@dataclass(frozen=True)
class Run:
    """What one training measured: metrics.json, predictions by split as far as they were kept, and the curve."""

    metrics: Mapping[str, Any]
    predictions: Mapping[str, Predictions]
    epochs: Sequence[Epoch]


@dataclass(frozen=True)
class Value:
    """`variance`: of one image's share in it, so that variance / images is the squared standard error by images.
    None: that cannot be told from what was kept.

    `step`: how far one image moves it, of the class in which that is farthest; 0 of a loss, which has no steps.
    """

    value: float
    images: int
    variance: float | None
    step: float


def measured(figure: Figure, run: Run) -> Value:
    """The figure of a run. Raises DataError, naming what is missing, if it cannot be told."""
    images = int(run.metrics[f"{figure.split}_images"])
    table = run.predictions.get(figure.split)
    if figure.epoch is not None:
        return _of_curve(figure, run, images, table)
    if table is None:
        if figure.metric not in OF_CURVES:
            raise DataError(f"{figure}: no predictions of the {figure.split} images were kept")
        value = float(run.metrics[f"{figure.split}_{figure.metric}"])
        return _accuracy(value, images) if figure.metric == ACCURACY else Value(value, images, None, 0.0)
    if figure.metric == LOSS:
        return Value(metrics.cross_entropy(table.labels, table.probabilities), images, _variance_of_losses(table), 0.0)
    confusion = metrics.confusion_matrix(table.labels, table.probabilities)
    value = _of_confusion(figure, confusion, table.classes)
    return Value(value, images, *(found(figure, confusion, table.classes) for found in (_variance, _step)))


def _of_curve(figure: Figure, run: Run, images: int, table: Predictions | None) -> Value:
    found = next((epoch for epoch in run.epochs if epoch.epoch == figure.epoch), None)
    if found is None:
        last = run.epochs[-1].epoch if run.epochs else None
        raise DataError(f"{figure}: not trained that long, or not kept; the curve ends with epoch {last}")
    if figure.metric == ACCURACY:
        return _accuracy(found.validation_accuracy, images)
    # Image by image there are only the losses of the network that was kept: they vary as those of the epoch would.
    return Value(found.validation_loss, images, _variance_of_losses(table) if table else None, 0.0)


def _accuracy(value: float, images: int) -> Value:
    return Value(value, images, _binomial(value, images), 1 / images)


def _of_confusion(figure: Figure, confusion: np.ndarray, classes: Sequence[str]) -> float:
    if figure.metric == ACCURACY:
        return float(np.trace(confusion) / confusion.sum())
    if figure.metric == MACRO_F1:
        return float(balanced.macro_f1(confusion))
    if figure.metric == BALANCED:
        return balanced.balanced_accuracy(confusion)
    if figure.metric == WORST:
        return balanced.worst_recall(confusion)
    right, total = _recalls(confusion)[_index(figure, classes)]
    if not total:
        raise DataError(f"{figure}: no image of the {figure.split} split is of the class")
    return right / total


def _index(figure: Figure, classes: Sequence[str]) -> int:
    if figure.of_class is None or figure.of_class not in classes:
        raise DataError(f"{figure}: no such class; there are: {', '.join(classes)}")
    return list(classes).index(figure.of_class)


def _recalls(confusion: np.ndarray) -> list[tuple[int, int]]:
    """Images right, and all images, of each class."""
    return list(zip(np.diag(confusion).tolist(), confusion.sum(axis=1).tolist(), strict=True))


def _variance(figure: Figure, confusion: np.ndarray, classes: Sequence[str]) -> float:
    images = int(confusion.sum())
    if figure.metric == ACCURACY:
        return _binomial(float(np.trace(confusion) / images), images)
    if figure.metric == RECALL:
        right, total = _recalls(confusion)[_index(figure, classes)]
        return images * float(statistics.binomial_error(right / total, total))
    counted = [(right, total) for right, total in _recalls(confusion) if total]
    if figure.metric == WORST:
        right, total = _worst(counted)
        return images * float(statistics.binomial_error(right / total, total))
    errors = [float(statistics.binomial_error(right / total, total)) for right, total in counted]
    of_recalls = images * math.fsum(errors) / len(counted) ** 2
    if figure.metric == BALANCED:
        return of_recalls
    return max(_jackknife(confusion), of_recalls)  # which alone sees no luck in a class without a mistake


def _step(figure: Figure, confusion: np.ndarray, classes: Sequence[str]) -> float:
    """Of an accuracy one image of all; of a recall one of its class; of a mean over classes one of the rarest.

    An F1 is moved by about as much as its recall, and by less where a class is answered more often than it occurs.
    """
    counted = [(right, total) for right, total in _recalls(confusion) if total]
    if figure.metric == ACCURACY:
        return 1 / int(confusion.sum())
    if figure.metric == RECALL:
        return 1 / _recalls(confusion)[_index(figure, classes)][1]
    if figure.metric == WORST:
        return 1 / _worst(counted)[1]
    return 1 / (len(counted) * min(total for _, total in counted))


def _worst(counted: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Of (right, all) images of classes: those of the lowest recall, of equals the rarest."""
    return min(counted, key=lambda pair: (pair[0] / pair[1], pair[1]))


def _jackknife(confusion: np.ndarray) -> float:
    """The variance of one image's share in macro F1: it is computed again without each image (Efron and Stein 1981).

    Images of one cell of the confusion matrix are alike, so that takes one computation a cell.
    """
    cells = np.argwhere(confusion > 0)
    images = int(confusion.sum())
    without = []
    for row, column in cells:
        fewer = confusion.copy()
        fewer[row, column] -= 1
        without.append(float(balanced.macro_f1(fewer)))
    values, counts = np.array(without), confusion[tuple(cells.T)]
    mean = np.average(values, weights=counts)
    return float((images - 1) * (counts * (values - mean) ** 2).sum())


def _variance_of_losses(table: Predictions) -> float:
    of_label = table.probabilities[np.arange(len(table.labels)), table.labels].astype(np.float64)
    losses = -np.log(np.clip(of_label, metrics.SMALLEST_PROBABILITY, 1.0))
    return float(losses.var(ddof=1)) if len(losses) > 1 else 0.0


def _binomial(accuracy: float, images: int) -> float:
    return images * float(statistics.binomial_error(accuracy, images))
