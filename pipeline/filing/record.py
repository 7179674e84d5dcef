"""A finished run on file, as a value: enough to show it, to compare with it, to tell whether a repetition is equal."""

from dataclasses import dataclass
from typing import Any

from pipeline.params.schema import Params
from pipeline.results.predictions import Predictions
from pipeline.results.seeds import Replicates


@dataclass(frozen=True)
class Record:
    """A finished run's files, read; what was not kept is None (seeds, predictions, lock, metrics) or empty.

    `trainings`: how many trainings had looked at these test images when it was filed. `classes`: what the network was
    trained for, in order.
    """

    params: Params
    metrics: dict[str, Any] | None
    lock: dict[str, Any] | None
    predictions: Predictions | None
    environment: dict[str, str]
    seeds: Replicates | None = None
    trainings: int | None = None
    classes: list[str] | None = None
