"""A finished run on file, as a value: enough to show it, to compare with it, to tell whether a repetition is equal."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pipeline.filing.image_sets import ImageSet
from pipeline.params.schema import Params
from pipeline.results.figures import Run
from pipeline.results.predictions import Predictions
from pipeline.results.seeds import Measured, Replicates


@dataclass(frozen=True)
class Record:
    """A finished run's files, read; what was not kept is None (seeds, predictions, lock, metrics) or empty.

    `seeds`: the run's own and others, each with its files and its lock (`seed_locks`). `typed`: seeds of a list that no
    lock vouches for. `trainings`: how many trainings had looked at these test images when it was filed. `test_images`:
    digest of their names and contents. `classes`: what the network was trained for, in order. `runs`: seed → what it
    measured, of those that a lock vouches for. `sweep`: the one behind it (`filing.sweeps`). `resources`: stage → what
    it took. `images`: split → which it has, by what they show; of older records empty.
    `seed_resources`: seed → stage → what it took, of other seeds.
    """

    params: Params
    metrics: dict[str, Any] | None
    lock: dict[str, Any] | None
    predictions: Predictions | None
    environment: dict[str, str]
    seeds: Replicates | None = None
    typed: Replicates | None = None
    seed_locks: Mapping[int, dict[str, Any]] = field(default_factory=dict)
    trainings: int | None = None
    test_images: str | None = None
    classes: list[str] | None = None
    runs: Mapping[int, Run] = field(default_factory=dict)
    sweep: dict[str, Any] | None = None
    resources: dict[str, Any] | None = None
    images: Mapping[str, ImageSet] = field(default_factory=dict)
    seed_resources: Mapping[int, dict[str, Any]] = field(default_factory=dict)

    def measured(self, split: str) -> Measured | None:
        """The accuracies that are vouched for: of all seeds, or of the one run."""
        if self.metrics is None:
            return None
        if self.seeds:
            return self.seeds.measured(split)
        return Measured((self.metrics[f"{split}_accuracy"],), self.metrics[f"{split}_images"], 1)

    def accuracies(self, split: str) -> dict[int, float]:
        """Seed → accuracy, of those that are vouched for."""
        found = self.measured(split)
        numbers = [seed.seed for seed in self.seeds.seeds] if self.seeds else [self.params.train.seed]
        return dict(zip(numbers, found.accuracies, strict=True)) if found else {}

    @property
    def locks(self) -> dict[int, dict[str, Any]]:
        """Seed → the lock of its run."""
        return {**({self.params.train.seed: self.lock} if self.lock else {}), **self.seed_locks}

    def with_seeds(
        self, seeds: Replicates, seed_locks: Mapping[int, dict[str, Any]], runs: Mapping[int, Run]
    ) -> "Record":
        return replace(self, seeds=seeds, seed_locks=seed_locks, runs={**self.runs, **runs})
