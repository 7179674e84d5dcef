"""What labels and predicted probabilities say about a classifier: arrays in, values out.

scikit-learn takes two seconds to import, so it is where it is needed: commands that list or compare do without.

Throughout, `labels` is an integer array (N,) of class indices 0 … K-1 and `probabilities` a float array (N, K) whose
rows sum to 1. The predicted class is the most probable one, the first of equals.
"""

import math
from dataclasses import dataclass

import numpy as np

from pipeline.process.errors import DataError

CALIBRATION_BINS = 15
# Keras' own bound: a confident mistake costs at most 16.1 nats instead of infinitely many.
SMALLEST_PROBABILITY = 1e-7
# Sums of a thousand float32 (or a few bfloat16) probabilities are this close to 1; anything further is not a softmax.
SUM_TOLERANCE = 1e-2


@dataclass(frozen=True)
class ClassScores:
    """How one class fares, fractions 0–1. None is "undefined", not 0: a ratio whose denominator counts no image.

    precision: None if nothing was predicted as the class; recall: None if no image is of the class; f1: None only if
    both hold, and 0 if every image of the class was missed. images: labelled with the class.
    """

    precision: float | None
    recall: float | None
    f1: float | None
    images: int


@dataclass(frozen=True)
class Bin:
    """Images whose confidence lies in (low, high]: how many, their mean confidence and accuracy, fractions 0–1."""

    low: float
    high: float
    images: int
    confidence: float
    accuracy: float


def check(labels: np.ndarray, probabilities: np.ndarray) -> None:
    """Raise DataError, with the shapes, unless both arrays are as this module's first lines say, N >= 1 and K >= 2."""
    if probabilities.ndim != 2 or probabilities.shape[0] == 0 or probabilities.shape[1] < 2:
        raise DataError(
            f"probabilities: found shape {probabilities.shape}; needed: (N, K), N >= 1 images, K >= 2 classes"
        )
    n, k = probabilities.shape
    if labels.shape != (n,) or not np.issubdtype(labels.dtype, np.integer):
        raise DataError(
            f"labels: found {labels.dtype} {labels.shape}; needed: integers ({n},), as probabilities are {(n, k)}"
        )
    if labels.min() < 0 or labels.max() >= k:
        raise DataError(
            f"labels: found {labels.min()} to {labels.max()}; needed: 0 to {k - 1}, as there are {k} classes"
        )
    _check_rows(probabilities)


def _check_rows(probabilities: np.ndarray) -> None:
    finite = np.isfinite(probabilities).all(axis=1)
    positive = (probabilities >= 0).all(axis=1)
    good = finite & positive & (abs(probabilities.sum(axis=1, dtype=np.float64) - 1) <= SUM_TOLERANCE)
    if not good.all():
        row = int(np.argmin(good))
        raise DataError(
            f"probabilities: {(~good).sum()} of {len(good)} rows are not distributions, the first is row {row}:"
            f" {np.array2string(probabilities[row], threshold=8, precision=4)}; needed: no NaN, none below 0, sum 1."
            " A diverged training does this: lower train.learning_rate"
        )


def predicted_classes(probabilities: np.ndarray) -> np.ndarray:
    """int64 (N,): the most probable class of each image."""
    classes: np.ndarray = probabilities.argmax(axis=1).astype(np.int64)
    return classes


def accuracy(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Share of images predicted right, 0–1."""
    check(labels, probabilities)
    return float((predicted_classes(probabilities) == labels).mean())


def cross_entropy(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean of -log(probability of the label), nats, 0 to 16.1. Without penalties and label smoothing."""
    check(labels, probabilities)
    of_label = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.clip(of_label, SMALLEST_PROBABILITY, 1.0)).mean())


def confusion_matrix(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """int64 (K, K): images of class [row] predicted as class [column]."""
    from sklearn import metrics

    check(labels, probabilities)
    classes = range(probabilities.shape[1])
    matrix: np.ndarray = metrics.confusion_matrix(labels, predicted_classes(probabilities), labels=classes)
    return matrix


def worst_confusions(confusion: np.ndarray, most: int) -> list[tuple[int, int, int]]:
    """(real class, predicted class, images) of the `most` frequent confusions in (K, K), ties in class order."""
    errors = confusion * (1 - np.eye(len(confusion), dtype=confusion.dtype))
    pairs = [divmod(int(cell), len(errors)) for cell in np.argsort(-errors, axis=None, kind="stable")[:most]]
    return [(real, predicted, int(errors[real, predicted])) for real, predicted in pairs if errors[real, predicted]]


def surest_mistakes(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Indices int64 of the images predicted wrong, the surest first."""
    surest_first = np.argsort(-probabilities.max(axis=1), kind="stable")
    mistakes: np.ndarray = surest_first[(predicted_classes(probabilities) != labels)[surest_first]]
    return mistakes


def per_class(labels: np.ndarray, predicted: np.ndarray, classes: int) -> list[ClassScores]:
    """Scores of each of the `classes`; `labels` and `predicted`: class indices (N,)."""
    from sklearn import metrics

    columns = metrics.precision_recall_fscore_support(labels, predicted, labels=range(classes), zero_division=np.nan)
    ratios = [[None if np.isnan(value) else float(value) for value in column] for column in columns[:3]]
    return [ClassScores(*scores) for scores in zip(*ratios, columns[3].tolist(), strict=True)]


def calibration_bins(labels: np.ndarray, probabilities: np.ndarray, bins: int = CALIBRATION_BINS) -> list[Bin]:
    """Images by confidence, the probability of the predicted class, in `bins` equal widths; empty bins left out."""
    check(labels, probabilities)
    edges = np.linspace(0, 1, bins + 1)
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = predicted_classes(probabilities) == labels
    of_image = np.digitize(confidence, edges[1:-1], right=True)
    return [
        Bin(
            float(edges[b]),
            float(edges[b + 1]),
            int(own.sum()),
            float(confidence[own].mean()),
            float(right[own].mean()),
        )
        for b, own in ((b, of_image == b) for b in np.unique(of_image))
    ]


def calibration_error(bins: list[Bin]) -> float:
    """Expected calibration error, 0–1: mean distance between confidence and accuracy over images (Guo et al. 2017)."""
    images = sum(int(b.images) for b in bins)
    return math.fsum(b.images * abs(b.accuracy - b.confidence) for b in bins) / images
