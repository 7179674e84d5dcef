"""Folds of cross-validation, over the images of training and validation, and what trainings on them are called."""

from dataclasses import dataclass

import numpy as np

from pipeline.files import records


@dataclass(frozen=True)
class Fold:
    """`trained` and `held_out`: places int64 among the images of training, then those of validation.

    `number` from 1 on, within `repeat`, from 1 on.
    """

    repeat: int
    number: int
    trained: np.ndarray
    held_out: np.ndarray

    @property
    def digest(self) -> str:
        return records.digest([self.trained.tolist(), self.held_out.tolist()])


def named(name: str, fold: Fold | None) -> str:
    """`name`, of a training or of what trainings share, for the images of a fold."""
    return records.digest([name, fold.digest]) if fold else name
