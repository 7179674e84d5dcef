"""What a learning curve says in words: where it is best, and how it goes on from there."""

from collections.abc import Sequence

from pipeline.results import history
from pipeline.results.history import Epoch

OVERFITTING_EPOCHS = 3  # fewer than this behind the best one are noise, not a trend
_RISEN = 0.1  # of its lowest: what is more is no noise
_POINTS = 100


def overfitting_onset(epochs: Sequence[Epoch]) -> int | None:
    """The epoch from which the network only gets better at the training images, None if there is none.

    That is the first epoch after the best one (lowest validation loss) from which on, to the end and for at least
    `OVERFITTING_EPOCHS` epochs, the training loss stays below the best epoch's.
    """
    best = history.best(list(epochs))
    onset = None
    for epoch in reversed(epochs):
        if epoch.epoch <= best.epoch or epoch.train_loss >= best.train_loss:
            break
        onset = epoch.epoch
    last = epochs[-1].epoch
    return onset if onset is not None and last - onset + 1 >= OVERFITTING_EPOCHS else None


def gap(epochs: Sequence[Epoch]) -> float:
    """Training minus validation accuracy at the end, a fraction; dropout lowers the former while it trains."""
    return epochs[-1].train_accuracy - epochs[-1].validation_accuracy


def describe(epochs: Sequence[Epoch]) -> str:
    """A sentence or two; of a curve with one trained epoch or more."""
    best, last, overfitting = history.best(list(epochs)), epochs[-1], overfitting_onset(epochs)
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
