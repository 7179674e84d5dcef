"""What the audit of a sweep found of a trial, as a value: in a file, as metrics, in a sentence."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.files import paths, records
from pipeline.params.schema import Params
from pipeline.params.slicing import parse
from pipeline.results import statistics
from pipeline.results.objectives import ACCURACY
from pipeline.results.statistics import Interval


@dataclass(frozen=True)
class Audited:
    """A trial's validation accuracy in the sweep, and with fresh seeds on images it was not selected on; or what else
    the sweep's objective `measure` is.

    Trainings that failed are left out. `held_out` images each accuracy is of, `trained_on` so many others.
    """

    number: int
    accuracy: float
    seeds: tuple[int, ...]
    accuracies: tuple[float, ...]
    held_out: int
    trained_on: int
    measure: str = ACCURACY

    @property
    def mean(self) -> float:
        return math.fsum(self.accuracies) / len(self.accuracies)

    def mean_of(self, seeds: Collection[int]) -> float:
        """Of some of the seeds only, at least one of which it has."""
        found = [value for seed, value in zip(self.seeds, self.accuracies, strict=True) if seed in seeds]
        return math.fsum(found) / len(found)

    @property
    def sd(self) -> float | None:
        """Sample standard deviation; None of fewer than two."""
        return float(np.std(self.accuracies, ddof=1)) if len(self.accuracies) > 1 else None

    @property
    def optimism(self) -> float:
        """How much the sweep flattered this trial: its accuracy minus the mean with other luck."""
        return self.accuracy - self.mean

    @property
    def interval(self) -> Interval | None:
        """95 % interval of the optimism; None of one training.

        As wide as the trainings differ (Nadeau and Bengio 2003), and at least as so many images make it: a few
        trainings may agree by chance.
        """
        if len(self.accuracies) < 2:
            return None
        low, high = statistics.resampled_interval(self.accuracies, self.held_out, self.held_out / self.trained_on)
        if self.measure != ACCURACY:  # no proportion of images
            return self.accuracy - high, self.accuracy - low
        images = self.held_out * len(self.accuracies)
        least, most = statistics.wilson_interval(round(self.mean * images), images)
        return self.accuracy - max(high, most), self.accuracy - min(low, least)


def write(audits: Sequence[Audited]) -> None:
    """reports/sweep/audit.json: accuracies, or what else is looked for, as fractions 0–1, best trial first."""
    content = [
        {
            "trial": a.number,
            f"validation_{a.measure}": a.accuracy,
            "seeds": a.seeds,
            ("accuracies" if a.measure == ACCURACY else "values"): a.accuracies,
            "held_out": a.held_out,
            "trained_on": a.trained_on,
            "mean": a.mean,
            "sd": a.sd,
            "optimism": a.optimism,
            "optimism_interval": a.interval,
        }
        for a in audits
    ]
    records.write_json(paths.AUDIT, content)


def values(audited: Audited) -> dict[str, float]:
    """The audit as metrics, named as those of a replication."""
    found = {f"validation_{audited.measure}_mean": audited.mean, f"validation_{audited.measure}_sd": audited.sd}
    known = {name: value for name, value in found.items() if value is not None}
    ends = zip(("selection_optimism_low", "selection_optimism_high"), audited.interval or (), strict=False)
    return {**known, "selection_optimism": audited.optimism, **dict(ends)}


def describe(audited: Audited) -> str:
    spread = f" ± {audited.sd:.4f}" if audited.sd is not None else ""
    ends = audited.interval
    around = f" (95 % interval {ends[0]:+.4f} to {ends[1]:+.4f})" if ends else ""
    return (
        f"trial {audited.number} with {len(audited.accuracies)} fresh seeds, on images it was not selected on:"
        f" {audited.mean:.4f}{spread} (mean ± sd); the sweep said {audited.accuracy:.4f}, selection optimism"
        f" {audited.optimism:+.4f}{around}"
    )


def remark(params: Params) -> str:
    """What else may be in the difference between the validation split and other draws of it; "" if nothing is known."""
    splits = params.data.splits
    validation, train = ({part.name for part in parse(text)} for text in (splits.validation, splits.train))
    if validation <= train:
        return ""
    return (
        f"the validation images come as a split of their own ({splits.validation}) and the other draws from"
        f" {splits.train}: if the two differ, that is in the selection optimism, too"
    )
