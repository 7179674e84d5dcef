"""Two recipes side by side: the means of their seeds on the same test images.

One network a side says nothing of other seeds: of two networks of one recipe one is often better beyond the luck with
the images.
"""

import math
from dataclasses import dataclass

import numpy as np

from pipeline.filing.record import Record
from pipeline.results import over_seeds, statistics
from pipeline.results.seeds import counted
from pipeline.results.statistics import Interval

_BEYOND = np.asarray(0.025)  # either end of a 95 % interval


@dataclass(frozen=True)
class Means:
    """`difference`: first minus second mean test accuracy, a fraction, with its 95 % interval over seeds and images;
    `seeds`: of how many each is the mean."""

    difference: float
    interval: Interval
    seeds: tuple[int, int]

    @property
    def detectable(self) -> bool:
        low, high = self.interval
        return low > 0 or high < 0

    def __str__(self) -> str:
        first, second = self.seeds
        return f"means of {counted(first) if first == second else f'{first} and {counted(second)}'}"


def compare(first: Record, second: Record) -> Means | None:
    """Of records of the same test images; None unless two seeds or more are vouched for in both.

    Luck with seeds is Welch's (`over_seeds`); to it is added that with the images, paired.
    """
    ours, theirs = first.measured("test"), second.measured("test")
    if ours is None or theirs is None or min(len(ours.accuracies), len(theirs.accuracies)) < 2:
        return None
    shares = [_shares(record) for record in (first, second)]
    if shares[0] is not None and shares[1] is not None:
        error = float((shares[0] - shares[1]).var() / len(shares[0]))
    else:  # as of different images, if predictions of a seed were not kept
        error = math.fsum(float(statistics.binomial_error(side.mean, side.images)) for side in (ours, theirs))
    found = over_seeds.difference(ours.accuracies, theirs.accuracies, image_error=error, resolution=1 / ours.images)
    value, half = float(found.value), float(found.half_width(_BEYOND))
    return Means(value, (value - half, value + half), (ours.seeds, theirs.seeds))


def _shares(record: Record) -> np.ndarray | None:
    """float (N,): of each test image the share of the seeds that get it right; None if one has no predictions."""
    runs = (record.runs.get(seed) for seed in record.accuracies("test"))
    tables = [run.predictions.get("test") if run else None for run in runs]
    kept = [table for table in tables if table is not None]
    if len(kept) < len(tables) or any(table.names != kept[0].names for table in kept):
        return None
    shares: np.ndarray = np.mean([table.correct for table in kept], axis=0)
    return shares
