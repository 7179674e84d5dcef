"""What the files of a finished experiment say: read and checked whole before MLflow is asked for anything."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from json import JSONDecodeError
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.files import paths, records
from pipeline.process.errors import HerbariumError
from pipeline.results import classes, history, predictions
from pipeline.results.metrics import ClassScores
from pipeline.results.predictions import Predictions

_READ = (paths.TRAINING, paths.HISTORY, paths.METRICS, paths.PREDICTIONS, paths.CLASSES, paths.PARAMS)
_ARTIFACTS = {
    # At the top are the pictures, too: MLflow's comparison of runs looks for images there only.
    "": (paths.REPORT, *paths.PICTURES, paths.PARAMS, paths.LOCK, paths.MODEL_SUMMARY),
    "reports": (
        paths.METRICS,
        paths.HISTORY,
        paths.PREDICTIONS,
        paths.VALIDATION_PREDICTIONS,
        paths.TYPED_PREDICTIONS,
        paths.TYPED_VALIDATION_PREDICTIONS,
        paths.CONFUSION,
        paths.CALIBRATION,
        paths.SCORES,
        paths.FEATURE_MAP,
        paths.DATASET,
    ),
}


class ResultsError(HerbariumError):
    """The files of the experiment are missing or do not belong together."""


@dataclass(frozen=True)
class Results:
    """`classes`: K names. Of the N test images: `probabilities` float64 (N, K), values 0–1, in their order; `scores` of
    each class."""

    training: dict[str, Any]
    epochs: list[history.Epoch]
    metrics: dict[str, Any]
    classes: list[str]
    probabilities: np.ndarray
    scores: Mapping[str, ClassScores]


def read() -> Results:
    """The files in the working directory. Raises ResultsError naming those that are missing or damaged, DataError if
    model and images do not mean the same classes."""
    absent = [str(path) for path in (*_READ, paths.images("test"), paths.labels("test")) if not path.exists()]
    if absent:
        raise ResultsError(f"{', '.join(absent)}: not found; run `dvc repro` (or `dvc pull`) first")
    training, metrics = _parsed(paths.TRAINING), _parsed(paths.METRICS)
    names = classes.of_model()
    test = _predictions(names)
    return Results(training, history.read(paths.HISTORY), metrics, names, test.probabilities, test.scores)


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


def _predictions(classes: list[str]) -> Predictions:
    table = predictions.read(paths.PREDICTIONS)
    images = len(records.read_npy(paths.images("test")))
    if table.classes != classes or len(table.names) != images:
        raise ResultsError(
            f"{paths.PREDICTIONS}: found {len(table.names)} rows of {len(table.classes)} classes; allowed: {images},"
            f" one for each test image, of the {len(classes)} classes in {paths.CLASSES}, in order; run `dvc repro`"
        )
    return table
