"""A record agrees with itself: its figures follow from its predictions, its seeds and class names are of one run.

So a figure that was edited by hand, or mixed from two runs, is never shown, compared or filed.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from pipeline.files import paths, records
from pipeline.filing import image_sets
from pipeline.filing.claims import MOST_IMAGES
from pipeline.filing.record import Record
from pipeline.process.errors import DataError
from pipeline.results import metrics
from pipeline.results.predictions import Predictions

_Fraction = Annotated[float, Field(ge=0, le=1, strict=True, allow_inf_nan=False)]
_Count = Annotated[int, Field(ge=1, le=MOST_IMAGES, strict=True)]
_ROUNDING = 1e-9  # sums may be in another order on another machine; counts and their ratios are exact


class Figures(BaseModel):
    """Of metrics.json, what is read of it again: accuracies as fractions 0–1, and of how many images."""

    test_accuracy: _Fraction
    test_images: _Count
    validation_accuracy: _Fraction
    validation_images: _Count


def figures(path: Path) -> dict[str, Any]:
    """The content of metrics.json. Raises DataError naming a figure that is missing or none."""
    content: dict[str, Any] = dict(records.read_json(path))
    try:
        Figures.model_validate(content)
    except ValidationError as error:
        wrong = ", ".join(".".join(map(str, item["loc"])) for item in error.errors())
        raise DataError(f"{path}: {wrong}: missing, or no figure; needed: the metrics that `dvc repro` wrote") from None
    return content


def check_fractions(path: Path, accuracies: list[Any]) -> None:
    """Raise DataError unless all are accuracies, 0–1."""
    wrong = [value for value in accuracies if not isinstance(value, (int, float)) or not 0 <= value <= 1]
    if wrong:
        raise DataError(f"{path}: found the accuracy {wrong[0]!r}; needed: a fraction, 0 to 1")


def check(found: Record, where: Path) -> None:
    """Raise DataError, naming the figures, unless metrics, predictions, class names and seeds are of one run."""
    if found.metrics is None:
        return
    if found.predictions is not None:
        check_predictions(found.metrics, found.predictions, found.classes, where)
    for split, images in found.images.items():
        counted = {f"{split}_images": images.images} if split != "train" else {}
        _refuse(where, "the metrics", _differing(found.metrics, counted), image_sets.FILE)
    for seed in found.typed.seeds if found.typed else ():
        own = {f"{split}_accuracy": getattr(seed, f"{split}_accuracy") for split in ("validation", "test")}
        if seed.seed == found.params.train.seed:
            _refuse(where, "the metrics", _differing(found.metrics, own), f"seed {seed.seed} among the seeds")


def check_predictions(measured: Mapping[str, Any], tested: Predictions, classes: list[str] | None, where: Path) -> None:
    """Raise DataError unless the metrics follow from the predictions, and both are of the same classes."""
    _refuse(where, "the metrics", _differing(measured, recomputed(tested)), paths.PREDICTIONS.name)
    if classes is not None and classes != tested.classes:
        raise DataError(
            f"{where}: {paths.PREDICTIONS.name} is of the classes {tested.classes[:5]}, {paths.TRAINING.name} of"
            f" {classes[:5]}, in that order: the files are not of one run"
        )


def check_validation(measured: Mapping[str, Any], table: Predictions, where: Path) -> None:
    """Raise DataError unless the metrics of the validation images follow from their predictions."""
    expected = {
        "validation_accuracy": metrics.accuracy(table.labels, table.probabilities),
        "validation_images": len(table.labels),
        "validation_loss": metrics.cross_entropy(table.labels, table.probabilities),
    }
    _refuse(where, "the metrics", _differing(measured, expected), paths.VALIDATION_PREDICTIONS.name)


def check_trainings(found: Record, file: Path) -> None:
    """Raise DataError if fewer trainings are said to have looked at the test images than the record has seeds."""
    seeds = len(found.accuracies("test"))
    if found.trainings is not None and found.trainings < seeds:
        raise DataError(
            f"{file}: trainings is {found.trainings}, and the record has {seeds} seeds, each a training that was"
            " measured on these test images; restore it, or file the run again with `herbarium record`"
        )


def recomputed(tested: Predictions) -> dict[str, Any]:
    """The figures of metrics.json that follow from the test images' predictions."""
    labels, probabilities = tested.labels, tested.probabilities
    return {
        "test_accuracy": metrics.accuracy(labels, probabilities),
        "test_images": len(labels),
        "test_loss": metrics.cross_entropy(labels, probabilities),
        "test_calibration_error": metrics.calibration_error(metrics.calibration_bins(labels, probabilities)),
    }


def _differing(found: Mapping[str, Any], expected: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {k: (found.get(k), v) for k, v in expected.items() if not _same(found.get(k), v)}


def _same(found: Any, expected: float) -> bool:
    number = isinstance(found, (int, float)) and not isinstance(found, bool)
    try:
        return number and math.isclose(found, expected, rel_tol=_ROUNDING, abs_tol=_ROUNDING)
    except OverflowError:  # of integers that no float can hold
        return False


def _refuse(where: Path, what: str, wrong: Mapping[str, tuple[Any, Any]], source: str) -> None:
    if wrong:
        said = "; ".join(
            f"{name} is {found!r}, from {source} {expected!r}" for name, (found, expected) in wrong.items()
        )
        raise DataError(f"{where}: {what} and {source} are not of one run: {said}")
