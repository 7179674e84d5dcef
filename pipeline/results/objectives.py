"""What a search looks for: a figure of the validation images, or its mean over folds of training and validation."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pipeline.results import balanced, metrics

ACCURACY = "accuracy"
NAMES = {ACCURACY: ACCURACY, **balanced.NAMES}


@dataclass(frozen=True)
class Objective:
    """`measure`: one of NAMES, the higher the better, 0 to 1; `folds`: 0 = on the validation images."""

    measure: str = ACCURACY
    folds: int = 0

    @property
    def key(self) -> str:
        """Its name in tables and in MLflow."""
        return self.of(self.measure)

    def of(self, measure: str) -> str:
        """The name of another figure of the same images."""
        return f"folds_{measure}" if self.folds else f"validation_{measure}"

    @property
    def said(self) -> str:
        """As in a sentence."""
        name = NAMES[self.measure]
        if self.folds:
            return f"{name} over {self.folds} folds"
        return f"validation {name}" if self.measure == ACCURACY else f"{name} of the validation images"


USUAL = Objective()


class Sought(Protocol):
    """What says it: the section `sweep` of params.yaml."""

    @property
    def objective(self) -> str: ...
    @property
    def folds(self) -> int: ...


def of(sought: Sought) -> Objective:
    return Objective(sought.objective, sought.folds)


def value(measure: str, labels: np.ndarray, probabilities: np.ndarray) -> float:
    """The figure of N images, 0 to 1, from int64 labels (N,) and probabilities (N, K)."""
    if measure == ACCURACY:
        return metrics.accuracy(labels, probabilities)
    of_confusion = {
        "balanced_accuracy": balanced.balanced_accuracy,
        "macro_f1": balanced.macro_f1,
        "worst_recall": balanced.worst_recall,
    }
    return float(of_confusion[measure](metrics.confusion_matrix(labels, probabilities)))
