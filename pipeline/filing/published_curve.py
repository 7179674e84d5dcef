"""The ends of a published learning curve beside those of the record's: more than one number can come out again."""

import math
from collections.abc import Callable, Sequence

from pipeline.filing.claims import Claim, CurvePoint
from pipeline.filing.record import Record
from pipeline.results.figures import Run
from pipeline.results.history import Epoch

_HEADER = ("epoch", "", "training loss", "training accuracy", "validation loss", "validation accuracy")
_ABSENT = "–"
_PERCENT = 100


def beside(claim: Claim, found: Record) -> str:
    """A Markdown table, ours the mean over the record's seeds; empty where no curve was published, or none kept."""
    runs = [run for run in found.runs.values() if run.epochs]
    if not claim.curve or not runs:
        return ""
    ours = "here" if len(runs) == 1 else f"here, mean of {len(runs)} seeds"
    rows = [row for point in claim.curve for row in (_published(point), _ours(point, runs, ours))]
    if claim.best_validation_accuracy is not None:
        rows += [("best", "published", "", "", "", _percent(claim.best_validation_accuracy))]
        rows += [("", ours, "", "", "", _percent(_mean([_best(run) for run in runs])))]
    lines = [_HEADER, tuple("---" for _ in _HEADER), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _published(point: CurvePoint) -> tuple[str, ...]:
    return str(point.epoch), "published", *_shown(point)


def _ours(point: CurvePoint, runs: Sequence[Run], named: str) -> tuple[str, ...]:
    """The mean over the seeds that were trained that long."""
    there = [epoch for run in runs for epoch in run.epochs if epoch.epoch == point.epoch]
    if not there:
        last = max(run.epochs[-1].epoch for run in runs)
        return "", f"{named}: stopped after epoch {last}", *[_ABSENT] * 4
    some = f", {len(there)} of {len(runs)} trained that long" if len(there) < len(runs) else ""

    def mean(of: Callable[[Epoch], float]) -> float:
        return _mean([of(epoch) for epoch in there])

    means = CurvePoint(
        epoch=point.epoch,
        train_loss=mean(lambda epoch: epoch.train_loss),
        train_accuracy=mean(lambda epoch: epoch.train_accuracy),
        validation_loss=mean(lambda epoch: epoch.validation_loss),
        validation_accuracy=mean(lambda epoch: epoch.validation_accuracy),
    )
    return "", f"{named}{some}", *_shown(means)


def _shown(point: CurvePoint) -> tuple[str, ...]:
    losses, accuracies = (point.train_loss, point.validation_loss), (point.train_accuracy, point.validation_accuracy)
    pairs = zip(losses, accuracies, strict=True)
    return tuple(text for loss, accuracy in pairs for text in (f"{loss:.4f}", _percent(accuracy)))


def _best(run: Run) -> float:
    return max(epoch.validation_accuracy for epoch in run.epochs)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _percent(value: float) -> str:
    return f"{_PERCENT * value:.2f} %"
