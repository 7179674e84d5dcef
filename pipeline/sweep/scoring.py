"""What a trial scores beside what every training tells of itself: another figure, or one over folds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import fsum
from typing import TYPE_CHECKING

import numpy as np

from pipeline.model import fit, losses
from pipeline.model.prepared import Kept
from pipeline.results import objectives

if TYPE_CHECKING:
    from pipeline.model.training import Trained
    from pipeline.params.train_section import Train
    from pipeline.results.history import Epoch

Steps = list[tuple[int, float]]  # number of the epoch, or of the folds so far, and the objective then


class HopelessError(Exception):
    """A trial is below a threshold: an end, not an error."""


def watch(
    measure: str, thresholds: Mapping[int, float], epochs: list[Epoch], steps: Steps, kept: Kept, train: Train
) -> Callable[[Epoch], None]:
    """A listener that notes epochs, and ends a trial whose best so far is below an epoch's threshold.

    Figures other than accuracy are of the network that is in `kept`, with the average of its weights if one is kept.
    They begin after the warm-up that the settings `train` ask for: its epochs may be another training's, told again.
    """
    best = float("-inf")

    def ended(epoch: Epoch) -> None:
        nonlocal best
        epochs.append(epoch)
        if measure == objectives.ACCURACY and epoch.epoch:
            best = max(best, epoch.validation_accuracy)
        elif epoch.epoch > train.warmup_epochs:
            with kept.latest.steps(kept.latest.assembled.trained, train).averaged():
                steps.append((epoch.epoch, of_latest(measure, kept)))
            best = max(best, steps[-1][1])
        if epoch.epoch and best < thresholds.get(epoch.epoch, float("-inf")) and best > float("-inf"):
            raise HopelessError

    return ended


def of_latest(measure: str, kept: Kept) -> float:
    """The figure of the images that the network that was trained last, as it is now, was not trained on."""
    network = kept.latest
    _, held_out = network.at_cut
    logits = fit.logits(network.assembled.trained, held_out.inputs)
    return objectives.value(measure, held_out.labels, np.exp(losses.log_probabilities(logits)))


def kept_accuracy(trained: Trained) -> float:
    """Of the epoch that was kept, on the images that were not trained on."""
    return next(epoch for epoch in trained.epochs if epoch.epoch == trained.kept_epoch).validation_accuracy


def over_folds(
    measure: str,
    trainings: Sequence[Callable[[], Trained]],
    thresholds: Mapping[int, float],
    epochs: list[Epoch],
    steps: Steps,
    kept: Kept,
) -> dict[str, float]:
    """Mean accuracy and objective of one training after the other; notes the first one's epochs.

    Raises HopelessError after the n-th if the mean of n is below the n-th threshold: all trials have the same folds, so
    the means are of the same images.
    """
    accuracies: list[float] = []
    scores: list[float] = []
    for number, training in enumerate(trainings, start=1):
        trained = training()
        epochs += trained.epochs if number == 1 else []
        accuracies.append(kept_accuracy(trained))
        scores.append(accuracies[-1] if measure == objectives.ACCURACY else of_latest(measure, kept))
        steps.append((number, fsum(scores) / number))
        if number < len(trainings) and steps[-1][1] < thresholds.get(number, float("-inf")):
            raise HopelessError
    return {"accuracy": fsum(accuracies) / len(accuracies), "measured": steps[-1][1]}
