"""What the files of a finished experiment say: read and checked whole before MLflow is asked for anything."""

from collections.abc import Iterable
from dataclasses import dataclass
from json import JSONDecodeError
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import history, paths, records
from pipeline.errors import HerbariumError

CALIBRATION = paths.REPORTS / "calibration.csv"

_READ = (paths.TRAINING, paths.HISTORY, paths.METRICS, paths.PREDICTIONS, paths.CLASSES, paths.PARAMS)
_ARTIFACTS = {
    "": (paths.PARAMS, paths.LOCK, paths.MODEL_SUMMARY),
    "reports": (paths.METRICS, paths.HISTORY, paths.PREDICTIONS, paths.CONFUSION, CALIBRATION, paths.DATASET),
    "pictures": paths.PICTURES,
}


class ResultsError(HerbariumError):
    """The files of the experiment are missing or do not belong together."""


@dataclass(frozen=True)
class Results:
    """`classes`: K names. `probabilities`: float64 (N, K), values 0–1, of the N test images in their order."""

    training: dict[str, Any]
    epochs: list[history.Epoch]
    metrics: dict[str, Any]
    classes: list[str]
    probabilities: np.ndarray


def read() -> Results:
    """The files in the working directory. Raises ResultsError naming those that are missing or damaged."""
    absent = [str(path) for path in (*_READ, paths.images("test"), paths.labels("test")) if not path.exists()]
    if absent:
        raise ResultsError(f"{', '.join(absent)}: not found; run `dvc repro` (or `dvc pull`) first")
    classes = _parsed(paths.CLASSES)
    return Results(
        training=_parsed(paths.TRAINING),
        epochs=history.read(paths.HISTORY),
        metrics=_parsed(paths.METRICS),
        classes=classes,
        probabilities=_probabilities(classes),
    )


def artifacts() -> list[tuple[Path, str]]:
    """(file, folder in the run) of everything there is to look at; DVC writes its lock only after the last stage."""
    return [(path, folder) for folder, files in _ARTIFACTS.items() for path in files if path.exists()]


def digest(labels: Iterable[str]) -> str:
    """SHA-256 over all files shown and `labels`: equal digests mean there is nothing new to publish."""
    files = [path for path, _ in artifacts()] + [paths.TRAINING, paths.CLASSES]
    return records.digest([{str(path): records.file_digest(path) for path in files}, sorted(labels)])


def _parsed(path: Path) -> Any:
    try:
        return records.read_json(path)
    except (JSONDecodeError, UnicodeDecodeError) as error:
        raise ResultsError(f"{path}: not valid JSON ({error}); delete it and run `dvc repro`") from None


def _probabilities(classes: list[str]) -> np.ndarray:
    rows = records.read_csv(paths.PREDICTIONS)
    columns = [f"p_{name}" for name in classes]
    lacking = [column for column in columns if not rows or column not in rows[0]]
    images = len(records.read_npy(paths.images("test")))
    if lacking or len(rows) != images:
        found = f"{len(rows)} rows without {', '.join(lacking)}" if lacking else f"{len(rows)} rows"
        raise ResultsError(
            f"{paths.PREDICTIONS}: found {found}; allowed: one row for each of {images} test images with a column"
            " p_<class> for each class; run `dvc repro`"
        )
    return np.array([[float(row[column]) for column in columns] for row in rows])
