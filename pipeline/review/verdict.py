"""The verdict on an accuracy: numbers in, decision out. Two-sided: too good is a finding too.

Within the margin by two one-sided tests at 5 % each (a 90 % interval inside ± margin): REPRODUCED; interval wholly
outside: NOT REPRODUCED; else INCONCLUSIVE. Either wrong decision is made in at most one of twenty reviews.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from pipeline.results import statistics
from pipeline.results.seeds import Measured
from pipeline.results.statistics import Interval

CONFIDENCE = 0.9
MOST_SEEDS = 1000


class Outcome(StrEnum):
    EXACT = "REPRODUCED EXACTLY"
    REPRODUCED = "REPRODUCED"
    NOT_REPRODUCED = "NOT REPRODUCED"
    INCONCLUSIVE = "INCONCLUSIVE"

    @property
    def exit_code(self) -> int:
        return {Outcome.NOT_REPRODUCED: 1, Outcome.INCONCLUSIVE: 2}.get(self, 0)


_OF_EQUIVALENCE = {
    "equivalent": Outcome.REPRODUCED,
    "different": Outcome.NOT_REPRODUCED,
    "undecided": Outcome.INCONCLUSIVE,
}


@dataclass(frozen=True)
class Verdict:
    """`difference` is reproduced minus reported, with its 90 % `interval`; fractions. `method` says how."""

    outcome: Outcome
    difference: float
    interval: Interval
    margin: float
    method: str


@dataclass(frozen=True)
class Needed:
    """What on the reproduced side would decide, in all, if the estimates stay as they are; None: no number would."""

    seeds: int | None = None
    images: int | None = None


def judge(reproduced: Measured, reported: Measured, margin: float, same_images: bool) -> Verdict:
    """Compare accuracies over seeds; with one seed on both sides, the two networks behind them as independent.

    `same_images`: both were measured on the same images, whose choice then adds no error. Raises ValueError unless
    margin > 0.
    """
    if len(reproduced.accuracies) == len(reported.accuracies) == 1:
        interval = _of_two_networks(reproduced, reported)
        method = "one network against one, binomial error of both sets of images (Newcombe)"
    else:
        interval = _over_seeds(reproduced, reported, same_images)
        method = "means over seeds (Welch)" + ("" if same_images else ", binomial error of both sets of images added")
    return _verdict(interval, reproduced.mean - reported.mean, margin, method)


def judge_pairs(reproduced: np.ndarray, reported: np.ndarray, margin: float) -> Verdict:
    """Compare two networks on the same images, image by image; bool (N,), whether each was right.

    Raises ValueError on other arrays.
    """
    interval = statistics.paired_interval(reproduced, reported, CONFIDENCE)
    method = "one network against one on the same images, image by image (Newcombe, paired)"
    return _verdict(interval, float(reproduced.mean() - reported.mean()), margin, method)


def needed(verdict: Verdict, reproduced: Measured, reported: Measured, same_images: bool) -> Needed:
    """How many seeds or, of one network against one, images would decide an INCONCLUSIVE verdict.

    Images only where both sides can have more of them: the same ones.
    """
    if verdict.outcome is not Outcome.INCONCLUSIVE:
        return Needed()
    if len(reproduced.accuracies) == len(reported.accuracies) == 1:
        images = statistics.images_to_decide(verdict.interval, verdict.margin, reproduced.images)
        return Needed(images=images if same_images else None)
    return Needed(seeds=_seeds_needed(reproduced, reported, verdict.margin, same_images))


def overall(exact: bool, figures: Iterable[Verdict]) -> Outcome:
    """One outcome of a review: `exact` (every output is the record's, bit for bit) counts unless a figure contradicts.

    A published figure can contradict even a record that is reproduced exactly. With nothing to compare: INCONCLUSIVE.
    """
    outcomes = {figure.outcome for figure in figures}
    if Outcome.NOT_REPRODUCED in outcomes:
        return Outcome.NOT_REPRODUCED
    if exact:
        return Outcome.EXACT
    return Outcome.REPRODUCED if outcomes == {Outcome.REPRODUCED} else Outcome.INCONCLUSIVE


def _verdict(interval: Interval, difference: float, margin: float, method: str) -> Verdict:
    return Verdict(_OF_EQUIVALENCE[statistics.equivalence(interval, margin)], difference, interval, margin, method)


def _of_two_networks(reproduced: Measured, reported: Measured) -> Interval:
    first, second = (round(side.mean * side.images) for side in (reproduced, reported))
    return statistics.unpaired_interval(first, reproduced.images, second, reported.images, CONFIDENCE)


def _over_seeds(reproduced: Measured, reported: Measured, same_images: bool) -> Interval:
    sides = (reproduced, reported)
    errors = 0.0 if same_images else math.fsum(statistics.binomial_error(side.mean, side.images) for side in sides)
    resolution = 1 / min(side.images for side in sides)
    ours, theirs = reproduced.accuracies, reported.accuracies
    if len(ours) > 1:
        return statistics.seeds_interval(ours, theirs, reported.seeds, errors, resolution, CONFIDENCE)
    # The side that is one value comes second: turned round, and back.
    low, high = statistics.seeds_interval(theirs, ours, reproduced.seeds, errors, resolution, CONFIDENCE)
    return -high, -low


def _seeds_needed(reproduced: Measured, reported: Measured, margin: float, same_images: bool) -> int | None:
    """The fewest seeds that decide when mean and spread stay: tried on samples that have both."""
    known = reproduced.accuracies if len(reproduced.accuracies) > 1 else reported.accuracies
    spread = float(np.std(known, ddof=1))
    low, high = len(reproduced.accuracies) + 1, MOST_SEEDS

    def decides(seeds: int) -> bool:
        sample = Measured(_sample(reproduced.mean, spread, seeds), reproduced.images, seeds)
        return statistics.equivalence(_over_seeds(sample, reported, same_images), margin) != "undecided"

    if not decides(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if decides(middle) else (middle + 1, high)
    return low


def _sample(mean: float, spread: float, size: int) -> tuple[float, ...]:
    points = np.linspace(-1, 1, size)
    return tuple((mean + spread * points / points.std(ddof=1)).tolist())
