"""How sure a number is: intervals for accuracies and their differences.

Accuracies are fractions 0–1. An interval is (low, high). A difference is always first minus second.

On SciPy. statsmodels has McNemar's test and the interval of unpaired differences as well, and tests hold these to its
values; it has neither the interval of paired differences, nor of seeds of which one side is known as a mean, nor
equivalence decided from an interval, and takes longer to import than a command does to answer.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from pipeline.results import rounding

Interval = tuple[float, float]


def wilson_interval(correct: int, n: int, confidence: float = 0.95) -> Interval:
    """Score interval of the accuracy `correct` / `n` (Wilson 1927): stays inside 0–1 and is honest near both ends.

    Raises ValueError unless 0 <= correct <= n, n >= 1 and 0 < confidence < 1.
    """
    _check_confidence(confidence)
    if n < 1 or not 0 <= correct <= n:
        raise ValueError(f"found {correct} correct of {n}; allowed: 0 <= correct <= n and n >= 1")
    interval = stats.binomtest(int(correct), int(n)).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


def unpaired_interval(
    first_correct: int, first_n: int, second_correct: int, second_n: int, confidence: float = 0.95
) -> Interval:
    """Interval of the difference of two accuracies on *different* images (Newcombe 1998a, method 10).

    Raises ValueError as `wilson_interval` does.
    """
    first = wilson_interval(first_correct, first_n, confidence)
    second = wilson_interval(second_correct, second_n, confidence)
    return _square_and_add(first_correct / first_n, first, second_correct / second_n, second, correlation=0.0)


def paired_interval(first: np.ndarray, second: np.ndarray, confidence: float = 0.95) -> Interval:
    """Interval of the difference of two accuracies on the *same* images (Newcombe 1998b, method 10).

    `first`, `second`: bool (N,), whether each image was classified correctly. Its correlation is corrected for
    continuity, so the interval has a width even when both agree on every image. Raises ValueError on other arrays.
    """
    both, only_first, only_second, neither = _agreement(first, second)
    n = len(first)
    a, b = both + only_first, both + only_second
    return _square_and_add(
        a / n,
        wilson_interval(a, n, confidence),
        b / n,
        wilson_interval(b, n, confidence),
        _correlation(both, only_first, only_second, neither),
    )


def mcnemar(first: np.ndarray, second: np.ndarray) -> float:
    """Exact two-sided p-value that two classifiers err equally often on the same images (McNemar 1947).

    `first`, `second`: bool (N,), whether each image was classified correctly. 1 when they never disagree. Raises
    ValueError on other arrays.
    """
    _, only_first, only_second, _ = _agreement(first, second)
    disagreements = only_first + only_second
    return float(stats.binomtest(only_first, disagreements).pvalue) if disagreements else 1.0


def mean_interval(values: Sequence[float], images: int, confidence: float = 0.95) -> Interval:
    """t interval of the mean of fractions over seeds (Student 1908), within 0–1.

    They are counted on whole `images`: few that agree by chance do not prove a spread below a rounding's. Raises
    ValueError unless there are two finite values or more.
    """
    sample = _sample(values)
    return _student_interval(sample, _squared_error(sample, images), confidence)


def resampled_interval(
    values: Sequence[float], images: int, tested_to_trained: float, confidence: float = 0.95
) -> Interval:
    """Corrected t interval of the mean of fractions over folds or other splits of the same images, within 0–1.

    Their training images are largely the same, so plain t intervals are too narrow: `tested_to_trained`, how many
    images are tested for each one trained on, is added to 1 / J of J `values` (Nadeau and Bengio 2003). Raises
    ValueError as `mean_interval`.
    """
    sample = _sample(values)
    error = _squared_error(sample, images) * (1 + len(sample) * tested_to_trained)
    return _student_interval(sample, error, confidence)


def binomial_error(accuracy: ArrayLike, n: int) -> np.ndarray:
    """Squared standard error of accuracies (...) measured on `n` images.

    With two right and two wrong images added (Agresti and Coull 1998): near 0 and 1 the plain p(1-p)/n is too hopeful.
    """
    p = (n * np.asarray(accuracy) + 2) / (n + 4)
    error: np.ndarray = p * (1 - p) / n
    return error


def _square_and_add(a: float, around_a: Interval, b: float, around_b: Interval, correlation: float) -> Interval:
    """Newcombe's combination of two single intervals into one of the difference a - b."""

    def distance(x: float, y: float) -> float:
        return float(np.sqrt(max(0.0, x * x - 2 * correlation * x * y + y * y)))

    below = distance(a - around_a[0], around_b[1] - b)
    above = distance(around_a[1] - a, b - around_b[0])
    return a - b - below, a - b + above


def _correlation(both: int, only_first: int, only_second: int, neither: int) -> float:
    """Phi of the 2 × 2 table, continuity-corrected towards 0 if positive; 0 if a margin is empty."""
    n = both + only_first + only_second + neither
    margins = (both + only_first) * (only_second + neither) * (both + only_second) * (only_first + neither)
    product = both * neither - only_first * only_second
    corrected = max(product - n / 2, 0) if product > 0 else product
    return float(corrected / margins**0.5) if margins else 0.0


def _agreement(first: np.ndarray, second: np.ndarray) -> tuple[int, int, int, int]:
    """Images right by both, only the first, only the second, neither."""
    usable = first.ndim == 1 and first.shape == second.shape and len(first) > 0
    if not usable or first.dtype != bool or second.dtype != bool:
        found = f"{first.dtype} {first.shape} and {second.dtype} {second.shape}"
        raise ValueError(f"found {found}; needed: two bool arrays (N,) over the same N >= 1 images")
    pairs = (first & second, first & ~second, ~first & second, ~first & ~second)
    both, only_first, only_second, neither = (int(pair.sum()) for pair in pairs)
    return both, only_first, only_second, neither


def _student_interval(sample: np.ndarray, squared_error: float, confidence: float) -> Interval:
    """Of few fractions t reaches beyond what a mean of fractions can be; that part is cut off."""
    _check_confidence(confidence)
    half = stats.t.ppf((1 + confidence) / 2, len(sample) - 1) * np.sqrt(squared_error)
    return float(max(0.0, sample.mean() - half)), float(min(1.0, sample.mean() + half))


def _sample(values: Sequence[float]) -> np.ndarray:
    sample = np.asarray(values, dtype=np.float64)
    if sample.ndim != 1 or len(sample) < 2 or not np.isfinite(sample).all():
        raise ValueError(f"found {values!r}; needed: two finite values or more, one a seed")
    return sample


def _squared_error(sample: np.ndarray, images: int) -> float:
    """Squared standard error of the mean of fractions of so many `images`."""
    return float(max(sample.var(ddof=1), rounding.variance(1 / images)) / len(sample))


def _check_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise ValueError(f"found confidence {confidence}; allowed: above 0 and below 1, e.g. 0.95")
