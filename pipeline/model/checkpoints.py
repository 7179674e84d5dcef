"""Exact resume: after every epoch everything the next one depends on goes to one file, written whole or not at all."""

import zipfile
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.files import records
from pipeline.results.history import Epoch


class State:
    """The variables of a model (weights, seed states, statistics), its optimizer's state and the best epoch's weights.

    Without a path the best epoch's weights are remembered, and nothing is written.
    """

    def __init__(self, model: list[Any], optimizer: list[Any], path: Path | None) -> None:
        self._model, self._optimizer, self._path = model, optimizer, path
        self._best: list[np.ndarray] = []

    def keep(self) -> None:
        """Remember the model's variables as they are now, as the best epoch's."""
        self._best = [variable.numpy() for variable in self._model]

    def save(self, epochs: list[Epoch]) -> None:
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
        arrays = self._read()
        if not arrays:
            return []
        for kind, variables in (("model", self._model), ("optimizer", self._optimizer)):
            for i, variable in enumerate(variables):
                variable.assign(arrays[f"{kind}{i}"])
        self._best = [arrays[f"best{i}"] for i in range(len(self._model))]
        return [Epoch(int(row[0]), *(float(value) for value in row[1:])) for row in arrays["epochs"]]

    def _read(self) -> dict[str, np.ndarray]:
        """The checkpoint's arrays; none if it is damaged or another network's: its epochs are computed again then."""
        if self._path is None or not self._path.exists():
            return {}
        try:
            with zipfile.ZipFile(self._path) as archive:
                if archive.testzip():  # NumPy checks only what it reads
                    return {}
            with np.load(self._path, allow_pickle=False) as loaded:
                arrays = dict(loaded)
        except Exception:  # noqa: BLE001 - changed bytes make zipfile, zlib and NumPy raise nearly anything
            return {}
        shapes = {f"{kind}{i}": v.shape for kind, variables in self._kinds() for i, v in enumerate(variables)}
        fits = arrays.keys() == {*shapes, "epochs"} and all(arrays[k].shape == shape for k, shape in shapes.items())
        return arrays if fits else {}

    def _kinds(self) -> list[tuple[str, list[Any]]]:
        return [("model", self._model), ("optimizer", self._optimizer), ("best", self._model)]

    def restore_best(self) -> None:
        for variable, array in zip(self._model, self._best, strict=True):
            variable.assign(array)
