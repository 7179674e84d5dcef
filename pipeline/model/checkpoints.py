"""Exact resume: after every epoch everything the next one depends on goes to one file, written whole or not at all."""

import zipfile
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import records
from pipeline.history import Epoch


class State:
    """The variables of a model (weights, seed states, statistics), its optimizer's state and the best epoch's weights.

    Without a path the best epoch's weights are remembered, and nothing is written.
    """

    def __init__(self, model: list[Any], optimizer: list[Any], path: Path | None) -> None:
        self._model, self._optimizer, self._path = model, optimizer, path
        self._best: list[np.ndarray] = []

    def save(self, epochs: list[Epoch], is_best: bool) -> None:
        if is_best:
            self._best = [variable.numpy() for variable in self._model]
        if self._path is None:
            return
        arrays = {f"model{i}": variable.numpy() for i, variable in enumerate(self._model)}
        arrays |= {f"optimizer{i}": variable.numpy() for i, variable in enumerate(self._optimizer)}
        arrays |= {f"best{i}": array for i, array in enumerate(self._best)}
        arrays["epochs"] = np.array([astuple(epoch) for epoch in epochs], dtype=np.float64)
        with records.atomic(self._path) as temporary, temporary.open("wb") as file:
            np.savez(file, **arrays)

    def restore(self) -> list[Epoch]:
        """Load the checkpoint if there is a usable one; returns the epochs it had finished."""
        if self._path is None or not self._path.exists():
            return []
        try:
            with np.load(self._path, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
        except (zipfile.BadZipFile, ValueError, OSError):
            return []  # damaged on disk: the epochs are computed again
        for kind, variables in (("model", self._model), ("optimizer", self._optimizer)):
            for i, variable in enumerate(variables):
                variable.assign(arrays[f"{kind}{i}"])
        self._best = [arrays[f"best{i}"] for i in range(len(self._model))]
        return [Epoch(int(row[0]), *(float(value) for value in row[1:])) for row in arrays["epochs"]]

    def restore_best(self) -> None:
        for variable, array in zip(self._model, self._best, strict=True):
            variable.assign(array)
