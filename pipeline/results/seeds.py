"""One experiment over several seeds, as values: what each measured, their mean and spread."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pipeline.process import tables
from pipeline.results import history, statistics


@dataclass(frozen=True)
class Measured:
    """Accuracies, fractions 0–1, on `images` images: one per seed, or one value, the mean over `seeds` seeds."""

    accuracies: tuple[float, ...]
    images: int
    seeds: int

    @property
    def mean(self) -> float:
        return float(np.mean(self.accuracies))


@dataclass(frozen=True)
class Seed:
    """One seed's outcome; accuracies are fractions 0–1."""

    seed: int
    fingerprint: str
    kept_epoch: int
    validation_accuracy: float
    test_accuracy: float


@dataclass(frozen=True)
class Replicates:
    """`experiment`: digest of the parameters, the seed apart. Of each split: how many images."""

    experiment: str
    validation_images: int
    test_images: int
    seeds: tuple[Seed, ...]

    def measured(self, split: str) -> Measured:
        accuracies = tuple(getattr(seed, f"{split}_accuracy") for seed in self.seeds)
        return Measured(accuracies, getattr(self, f"{split}_images"), len(accuracies))


def to_json(replicates: Replicates) -> dict[str, Any]:
    return {
        "experiment": replicates.experiment,
        "seeds": [asdict(seed) for seed in replicates.seeds],
        **{split: summary(replicates, split) for split in ("validation", "test")},
    }


def summary(replicates: Replicates, split: str) -> dict[str, Any]:
    """Images, mean accuracy, its standard deviation over seeds and the mean's 95 % t interval (None of one seed)."""
    measured = replicates.measured(split)
    several = len(measured.accuracies) > 1
    low, high = statistics.mean_interval(measured.accuracies, measured.images) if several else (None, None)
    spread = float(np.std(measured.accuracies, ddof=1)) if several else None
    return {"images": measured.images, "mean": measured.mean, "sd": spread, "low": low, "high": high}


def accuracies(seed: Seed) -> dict[str, float]:
    return {"validation_accuracy": seed.validation_accuracy, "test_accuracy": seed.test_accuracy}


def values(replicates: Replicates) -> dict[str, float]:
    """The summary as metrics: mean and, of several seeds, standard deviation of each split's accuracy."""
    named: dict[str, float] = {}
    for split in ("validation", "test"):
        for name in ("mean", "sd"):
            value = summary(replicates, split)[name]
            named |= {f"{split}_accuracy_{name}": value} if value is not None else {}
    return named


def from_json(content: Mapping[str, Any]) -> Replicates:
    seeds = tuple(Seed(**history.as_today(seed)) for seed in content["seeds"])
    return Replicates(content["experiment"], content["validation"]["images"], content["test"]["images"], seeds)


def counted(seeds: int) -> str:
    """`1 seed`, `3 seeds`."""
    return f"{seeds} seed{'s' if seeds > 1 else ''}"


def describe(replicates: Replicates) -> str:
    """Per-seed values, and mean ± standard deviation with the mean's 95 % interval, in percent."""
    rows = [(str(s.seed), _percent(s.validation_accuracy), _percent(s.test_accuracy)) for s in replicates.seeds]
    lines = tables.aligned([("seed", "validation", "test"), *rows], right=(0, 1, 2))
    for split in ("validation", "test"):
        values = summary(replicates, split)
        if values["sd"] is None:
            lines.append(f"{split}: one seed says nothing about the spread; give --seeds 3 or more")
        else:
            lines.append(spread(split, values, f"{len(replicates.seeds)} seeds"))
    return "\n".join(lines)


def spread(figure: str, values: Mapping[str, float], of: str) -> str:
    """A `figure` over trainings, `of` so many of a kind, in percent; `values`: mean, sd, low and high, fractions."""
    mean, sd, low, high = (100 * values[name] for name in ("mean", "sd", "low", "high"))
    return (
        f"{figure}: {mean:.2f} ± {sd:.2f} % (mean ± standard deviation of {of}); 95 % interval of the mean {low:.2f} to"
        f" {high:.2f} %"
    )


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.2f} %"
