"""The learning curve: one row an epoch, epoch 0 being the network before training."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

from pipeline.files import records


@dataclass(frozen=True)
class Epoch:
    """Losses are mean cross-entropies in nats (penalties and weights of classes included on the training side).

    Accuracies are fractions 0–1. Training figures of epoch 0 are an evaluation; later ones are running means over the
    epoch with dropout on, as Keras reports them. `learning_rate` is the one the epoch trained with, 0 for epoch 0.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float


COLUMNS = tuple(field.name for field in fields(Epoch))


def write(path: Path, epochs: list[Epoch]) -> None:
    records.write_csv(path, COLUMNS, [astuple(epoch) for epoch in epochs])


def read(path: Path) -> list[Epoch]:
    """What `write` wrote. Raises ValueError unless the epochs are in order, one after the other."""
    found = [Epoch(int(row["epoch"]), *(float(row[name]) for name in COLUMNS[1:])) for row in records.read_csv(path)]
    if [one.epoch for one in found] != list(range(len(found))):
        raise ValueError(f"{path}: found the epochs {[one.epoch for one in found][:5]} …; needed: 0, 1, 2, …")
    return found


def best(epochs: list[Epoch]) -> Epoch:
    """The trained epoch with the lowest validation loss, the earliest of equals."""
    return min((e for e in epochs if e.epoch > 0), key=lambda e: e.validation_loss)


def kept_epoch(said: Mapping[str, Any]) -> int:
    """The epoch whose weights are kept, as training.json says it.

    Files from before call it best_epoch, which it may not be: without early stopping the last epoch is kept.
    """
    return int(said["kept_epoch"] if "kept_epoch" in said else said["best_epoch"])


def as_today(said: Mapping[str, Any]) -> dict[str, Any]:
    """A result's content with the kept epoch under its name."""
    return {**{key: value for key, value in said.items() if key != "best_epoch"}, "kept_epoch": kept_epoch(said)}
