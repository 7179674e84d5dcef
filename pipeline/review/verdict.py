"""The verdict on a reported accuracy: numbers in, decision out. Two-sided: too good is a finding too.

REPRODUCED if the difference is within the margin by two one-sided tests, NOT REPRODUCED if it is beyond, else
INCONCLUSIVE. Either wrong decision is made in at most one of twenty reviews, however many seeds are added on the way
(`pipeline.results.sequential`).
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import reduce

import numpy as np

from pipeline.results import over_seeds, sequential, statistics
from pipeline.results.over_seeds import Difference
from pipeline.results.seeds import Measured
from pipeline.results.sequential import Plan
from pipeline.results.statistics import Interval


class Outcome(StrEnum):
    REPRODUCED = "REPRODUCED"
    NOT_REPRODUCED = "NOT REPRODUCED"
    INCONCLUSIVE = "INCONCLUSIVE"
    INTACT = "RECORD INTACT"

    @property
    def exit_code(self) -> int:
        """0, and numbers that neither an error (1) nor a wrong call (2) ends with."""
        return {Outcome.NOT_REPRODUCED: 10, Outcome.INCONCLUSIVE: 11, Outcome.INTACT: 12}.get(self, 0)


_OUTCOMES = {
    sequential.WITHIN: Outcome.REPRODUCED,
    sequential.BEYOND: Outcome.NOT_REPRODUCED,
    sequential.UNDECIDED: Outcome.INCONCLUSIVE,
}


@dataclass(frozen=True)
class Question:
    """Whether an accuracy is the `reported` one, up to ± `margin`, a fraction.

    `same_images`: both are measured on the same images, whose choice then adds no error. `most_seeds`: how many may
    ever be run to answer it. Of another figure than an accuracy, `variance`: of one image's share in it (None: an
    accuracy's, by its value), and `resolution`: how far one image moves it (None: an accuracy's).
    """

    reported: Measured
    margin: float
    same_images: bool
    most_seeds: int = sequential.MOST_SEEDS
    variance: float | None = None
    resolution: float | None = None

    @property
    def plan(self) -> Plan:
        """One seed against one figure shows no spread: that is no look."""
        return Plan(self.most_seeds, first=1 if len(self.reported.accuracies) > 1 else 2)


@dataclass(frozen=True)
class Verdict:
    """`difference` is reproduced minus reported. Fractions.

    `look`, in seeds, is the one that decided, or else the last. `inner` must lie within ± margin for REPRODUCED,
    `outer` beyond it for NOT REPRODUCED. All three are None as long as there was no look.
    """

    outcome: Outcome
    difference: float
    look: int | None = None
    inner: Interval | None = None
    outer: Interval | None = None


def looked_at(ours: Measured, verdict: Verdict) -> Measured:
    """The seeds that the deciding look saw."""
    seeds = ours.accuracies[: verdict.look or len(ours.accuracies)]
    return Measured(seeds, ours.images, len(seeds))


def judge(reproduced: Measured, question: Question) -> Verdict:
    """The verdict on these seeds, in their order, looked at as planned: the first look that decides counts."""
    plan, ours = question.plan, np.array(reproduced.accuracies)
    theirs = np.array(question.reported.accuracies)

    def estimate(seeds: int) -> Difference:
        return difference(ours[:seeds], theirs, reproduced.images, question)

    decided, at = sequential.first_decision(estimate, question.margin, plan, len(ours))
    look = int(at)
    if not look:
        return Verdict(Outcome.INCONCLUSIVE, reproduced.mean - question.reported.mean)
    found = estimate(look)
    inner, outer = (_interval(found, error, plan, look) for error in (sequential.ERROR, sequential.ERROR / 2))
    return Verdict(_OUTCOMES[int(decided)], float(found.value), look, inner, outer)


def difference(ours: np.ndarray, theirs: np.ndarray, images: int, question: Question) -> Difference:
    """Of figures over seeds: ours (..., a), on `images` images, minus those reported (..., b)."""
    reported = question.reported
    errors = 0.0 if question.same_images else _image_error(ours, theirs, images, question)
    runs = reported.seeds if theirs.shape[-1] == 1 else None
    steps = 1 / min(images, reported.images) if question.resolution is None else question.resolution
    return over_seeds.difference(ours, theirs, runs, errors, resolution=steps)


def _image_error(ours: np.ndarray, theirs: np.ndarray, images: int, question: Question) -> np.ndarray:
    """Squared, of both sides. Of ours the largest of what it is here and on either margin.

    Near 1 what came out high by luck has a small error of its own; what has to be ruled out is the one on the margin.
    """
    others = question.reported.images
    if question.variance is not None:
        return np.asarray(question.variance / images + question.variance / others)
    reported = theirs.mean(axis=-1)
    on_margin = (np.clip(reported + end, 0, 1) for end in (-question.margin, question.margin))
    errors = (statistics.binomial_error(value, images) for value in (ours.mean(axis=-1), *on_margin))
    total: np.ndarray = reduce(np.maximum, errors) + statistics.binomial_error(reported, others)
    return total


def _interval(found: Difference, error: float, plan: Plan, look: int) -> Interval:
    half = float(found.half_width(plan.level(look, found.of_images, error)))
    return float(found.value) - half, float(found.value) + half
