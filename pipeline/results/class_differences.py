"""In which classes two networks differ on the same images, and which of these differences chance explains.

With ten classes, one in two comparisons of equal networks shows a class that differs "at 5 %": so p-values are
corrected for the number of classes (Holm 1979), and intervals hold for all classes together (Bonferroni).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.results import statistics
from pipeline.results.predictions import Predictions
from pipeline.results.statistics import Interval

ERROR = 0.05


@dataclass(frozen=True)
class ClassDifference:
    """Recall of the first network minus that of the second, on the `images` of one class, fractions.

    `interval`: with those of all other classes it covers the differences in 95 % of cases. `p_value`: exact McNemar,
    corrected for the number of classes.
    """

    name: str
    images: int
    difference: float
    interval: Interval
    p_value: float

    @property
    def detectable(self) -> bool:
        return self.p_value < ERROR


def compare(first: Predictions, second: Predictions) -> list[ClassDifference]:
    """Of each class that has images, in the order of classes; both are of the same images in the same order."""
    present = np.unique(first.labels).tolist()
    right, other = first.correct, second.correct
    pairs = [(right[first.labels == c], other[first.labels == c]) for c in present]
    corrected = holm([statistics.mcnemar(*pair) for pair in pairs])
    confidence = 1 - ERROR / len(present)
    return [
        ClassDifference(
            first.classes[c],
            len(ours),
            float(ours.mean() - theirs.mean()),
            statistics.paired_interval(ours, theirs, confidence),
            p_value,
        )
        for c, (ours, theirs), p_value in zip(present, pairs, corrected, strict=True)
    ]


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values corrected for their number, in their order: at most one in twenty families has one below 5 %."""
    order = np.argsort(p_values, kind="stable")
    factors = np.arange(len(p_values), 0, -1)
    stepped = np.minimum(np.maximum.accumulate(np.asarray(p_values)[order] * factors), 1.0)
    corrected = np.empty(len(p_values))
    corrected[order] = stepped
    return [float(value) for value in corrected]


def describe(found: Sequence[ClassDifference]) -> list[str]:
    """A line for each class that differs beyond chance, or one that says that none does."""
    number = f"corrected for {len(found)} classes (Holm)"
    differing = [one for one in found if one.detectable]
    if not differing:
        return [f"by class: none differs beyond chance, {number}"]
    return [f"by class, {number}:", *(_line(one) for one in sorted(differing, key=lambda one: one.p_value))]


def _line(one: ClassDifference) -> str:
    low, high = one.interval
    return (
        f"  {one.name}: recall {100 * one.difference:+.2f} points ({100 * low:+.2f} to {100 * high:+.2f} for all"
        f" classes together; p = {one.p_value:.3g}; {one.images:,} images)"
    )
