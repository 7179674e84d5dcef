"""The floor of a training: what a linear classifier reaches on the same stored features, on the validation images.

A network that stays below it was trained badly, or needs no training: its features say more than it makes of them.
"""

from collections.abc import Mapping
from typing import Any

from pipeline.results.statistics import wilson_interval

ACCURACY = "linear_probe_validation_accuracy"


def warning(measured: Mapping[str, Any]) -> str | None:
    """What to say if the network of these metrics is below the floor by more than luck; None if not, or not known."""
    if ACCURACY not in measured:
        return None
    images, reached = measured["validation_images"], measured["validation_accuracy"]
    if wilson_interval(round(reached * images), images)[1] >= measured[ACCURACY]:
        return None
    return (
        f"validation accuracy {100 * reached:.1f} % is below the {100 * measured[ACCURACY]:.1f} % of a linear"
        " classifier on the stored features: train.learning_rate, train.epochs or the head do not fit"
    )
