"""The difference of two accuracies over seeds: how large it is, and how far luck with seeds and images reaches.

For one review, or for many at once: the last axis of an array is the seeds', those before it are the reviews'.
"""

from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pipeline.results import rounding


@dataclass(frozen=True)
class Difference:
    """First minus second mean accuracy, a fraction, its squared standard error and its degrees of freedom, each (...).

    `of_images`: the share of the squared error, 0–1, that is the luck with the test images.
    """

    value: np.ndarray
    error: np.ndarray
    freedom: np.ndarray
    of_images: np.ndarray

    def half_width(self, level: np.ndarray) -> np.ndarray:
        """How far an interval with the probability `level` beyond either end reaches to each side of the value."""
        width: np.ndarray = special.stdtrit(self.freedom, 1 - level) * np.sqrt(self.error)
        return width


def difference(
    first: ArrayLike,
    second: ArrayLike,
    second_seeds: int | None = None,
    image_error: ArrayLike = 0.0,
    resolution: float = 0.0,
) -> Difference:
    """Of the means of `first` (..., a) and `second` (..., b), of which one may have one value only.

    A side with one value (of `second`, the mean over `second_seeds`; None = as many as values) is taken to spread as
    the other does. With values on both sides the degrees of freedom are Welch's (1947), rounded down, and of two values
    against more Hsu's (1938): Welch's own decide wrongly too often there. `image_error` is a squared standard error
    added for different test images (`statistics.binomial_error`), `resolution` the smallest step of a value: seeds that
    agree by chance do not prove a spread below a rounding's. Raises ValueError if both sides have one value.
    """
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    parts = _errors(a, b, second_seeds or b.shape[-1], rounding.variance(resolution))
    total = reduce(np.add, (error for error, _ in parts)) + np.asarray(image_error)
    # Divided by their sum first: squares of the squared errors of near-equal accuracies underflow.
    safe = np.where(total > 0, total, 1.0)
    shares = reduce(np.add, ((error / safe) ** 2 / freedom for error, freedom in parts))
    # The small number is for the rounding that turns a whole number of degrees into the one below.
    freedom = np.maximum(np.floor(1 / np.maximum(shares, 1e-12) + 1e-9), 1)
    return Difference(a.mean(axis=-1) - b.mean(axis=-1), total, freedom, np.asarray(image_error) / safe)


def _errors(first: np.ndarray, second: np.ndarray, second_seeds: int, floor: float) -> list[tuple[np.ndarray, int]]:
    """(squared error of a mean, its degrees of freedom) of each spread that can be estimated."""
    a, b = first.shape[-1], second.shape[-1]
    if a > 1 and b > 1:
        hsu = min(a, b) == 2 and a != b
        sides = ((first, a), (second, b))
        return [(_variance(side, floor) / count, 1 if hsu else count - 1) for side, count in sides]
    if a == b:
        raise ValueError("found one value on each side; needed: two seeds or more on one of them, to see their spread")
    spread = first if a > 1 else second
    return [(_variance(spread, floor) * (1 / a + 1 / second_seeds), spread.shape[-1] - 1)]


def _variance(values: np.ndarray, floor: float) -> np.ndarray:
    # Equal values have none, whatever rounding does to their mean.
    variance = np.where(np.ptp(values, axis=-1) == 0, 0.0, values.var(axis=-1, ddof=1))
    floored: np.ndarray = np.maximum(variance, floor)
    return floored
