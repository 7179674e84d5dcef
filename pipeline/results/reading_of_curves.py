"""What a learning curve says in words: where it is best, and how it goes on from there."""

from collections.abc import Sequence

from pipeline.results import history
from pipeline.results.history import Epoch

_RISEN = 0.1  # of its lowest: what is more is no noise
_POINTS = 100


def gap(epochs: Sequence[Epoch]) -> float:
    """Training minus validation accuracy at the end, a fraction; dropout lowers the former while it trains."""
    return epochs[-1].train_accuracy - epochs[-1].validation_accuracy


def describe(epochs: Sequence[Epoch], overfitting: int | None) -> str:
    """A sentence or two; of a curve with one trained epoch or more, `overfitting` from an epoch on, or not at all."""
    best, last = history.best(list(epochs)), epochs[-1]
    ends = (
        f"It ends with {_POINTS * last.train_accuracy:.1f} % of the training images right and"
        f" {_POINTS * last.validation_accuracy:.1f} % of the validation images."
    )
    if overfitting is not None:
        return (
            f"It overfits from epoch {overfitting} of {last.epoch} on: the validation loss rises from"
            f" {best.validation_loss:.3f} to {last.validation_loss:.3f}, while that of the training images falls from"
            f" {best.train_loss:.3f} to {last.train_loss:.3f}. {ends}"
        )
    if best.epoch == last.epoch:
        return f"The validation loss is lowest after the last of {last.epoch} epochs: it would learn on. {ends}"
    lowest = f"The validation loss is lowest after epoch {best.epoch} of {last.epoch}"
    if last.validation_loss <= (1 + _RISEN) * best.validation_loss:
        return f"{lowest} and hardly rises after it. {ends}"
    return f"{lowest} and rises from {best.validation_loss:.3f} to {last.validation_loss:.3f} after it. {ends}"
