"""How much an image of each class counts in training: so that rare classes are learned as well as common ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.params.suggestions import did_you_mean
from pipeline.process.errors import CombinationError

NONE, BALANCED = "none", "balanced"


def of(chosen: str | Mapping[str, float], classes: Sequence[str], labels: np.ndarray) -> np.ndarray | None:
    """Weights float32 (K,) of `classes`, as train.class_weights has `chosen`; None for none.

    `labels` int64 (N,) are those of training.
    Balanced weights are N / (K · images of the class) (King & Zeng 2001, as in scikit-learn): over the training images
    their mean is 1. Of classes that are named, others have 1. Raises CombinationError for a name that is no class.
    """
    if chosen == NONE:
        return None
    if isinstance(chosen, str):
        return _balanced(labels, len(classes))
    check(chosen, classes)
    return np.array([chosen.get(name, 1.0) for name in classes], np.float32)


def check(chosen: str | Mapping[str, float], classes: Sequence[str]) -> None:
    """Raise CombinationError if a class that is given a weight is none of `classes`."""
    unknown = [] if isinstance(chosen, str) else [name for name in chosen if name not in classes]
    if unknown:
        raise CombinationError(
            f"params.yaml: train.class_weights: {unknown[0]!r} is no class{did_you_mean(unknown[0], classes)}"
        )


def _balanced(labels: np.ndarray, classes: int) -> np.ndarray:
    images = np.bincount(labels, minlength=classes)
    present = images > 0
    weights = np.ones(classes)
    weights[present] = len(labels) / (present.sum() * images[present])
    return weights.astype(np.float32)
