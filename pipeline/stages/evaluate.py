"""evaluate: what the trained network predicts for images it has not seen, as metrics, tables and pictures."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, astuple, fields
from typing import Any

import numpy as np

from pipeline import history, metrics, paths, predictions, records
from pipeline.errors import DataError
from pipeline.plots import style
from pipeline.plots.calibration import calibration
from pipeline.plots.confusion import confusion
from pipeline.plots.curves import curves
from pipeline.plots.predictions import predictions as grid
from pipeline.predictions import Predictions
from pipeline.schema import Params
from pipeline.statistics import wilson_interval

PICTURES = (paths.CURVES_PICTURE, paths.CONFUSION_PICTURE, paths.PREDICTIONS_PICTURE, paths.CALIBRATION_PICTURE)


def run(params: Params) -> None:
    """Evaluate models/model.keras on the validation and test images; see `evaluate`."""
    # Here, so that all the rest of the stage can be used without the seconds TensorFlow takes to import.
    from pipeline.model import predict

    evaluate(lambda split: predict.probabilities(split, params))


def evaluate(probabilities: Callable[[str], np.ndarray]) -> None:
    """Write metrics.json, predictions.csv, confusion.csv, calibration.csv and four pictures into reports/.

    `probabilities`: split → float64 (N, K), in the order of the stored images. Raises DataError, before anything is
    written, if they are no probabilities or do not fit the stored images and classes.
    """
    classes = records.read_json(paths.CLASSES)
    validation, test = (_predictions(split, probabilities(split), classes) for split in ("validation", "test"))
    measured = measure(test, validation)
    matrix = metrics.confusion_matrix(test.labels, test.probabilities)
    bins = metrics.calibration_bins(test.labels, test.probabilities)

    predictions.write(paths.PREDICTIONS, test)
    _require_equal(measured, measure(predictions.read(paths.PREDICTIONS), validation))
    records.write_json(paths.METRICS, measured)
    header = ["label", *(f"predicted_{name}" for name in classes)]
    records.write_csv(
        paths.CONFUSION, header, ([name, *row] for name, row in zip(classes, matrix.tolist(), strict=True))
    )
    columns = [field.name for field in fields(metrics.Bin)]
    records.write_csv(paths.CALIBRATION, columns, [astuple(b) for b in bins])

    style.save(curves(history.read(paths.HISTORY)), paths.CURVES_PICTURE)
    style.save(confusion(matrix, classes), paths.CONFUSION_PICTURE)
    images = records.read_npy(paths.images("test"))
    style.save(grid(images, test.labels, test.probabilities, classes), paths.PREDICTIONS_PICTURE)
    style.save(calibration(bins), paths.CALIBRATION_PICTURE)
    print(_summary(measured, int(test.correct.sum())))


def measure(test: Predictions, validation: Predictions) -> dict[str, Any]:
    """The content of metrics.json. Accuracies, their 95 % Wilson interval and the calibration error are fractions 0–1.

    Losses are mean cross-entropies in nats, without penalties. An undefined score of a class is None (null in the
    file), as `metrics.ClassScores` says.
    """
    low, high = wilson_interval(int(test.correct.sum()), len(test.labels))
    scores = metrics.per_class(metrics.confusion_matrix(test.labels, test.probabilities))
    return {
        "test_accuracy": metrics.accuracy(test.labels, test.probabilities),
        "test_accuracy_low": low,
        "test_accuracy_high": high,
        "test_loss": metrics.cross_entropy(test.labels, test.probabilities),
        "test_images": len(test.labels),
        "test_calibration_error": metrics.calibration_error(metrics.calibration_bins(test.labels, test.probabilities)),
        "validation_accuracy": metrics.accuracy(validation.labels, validation.probabilities),
        "validation_loss": metrics.cross_entropy(validation.labels, validation.probabilities),
        "validation_images": len(validation.labels),
        "per_class": {name: asdict(score) for name, score in zip(test.classes, scores, strict=True)},
    }


def _predictions(split: str, probabilities: np.ndarray, classes: Sequence[str]) -> Predictions:
    names = [row["name"] for row in records.read_csv(paths.ids(split))]
    labels = records.read_npy(paths.labels(split), memory_map=False)
    try:
        return Predictions(list(classes), names, labels, probabilities)
    except DataError as error:
        raise DataError(f"{split} split: {error}") from None


def _require_equal(measured: dict[str, Any], recomputed: dict[str, Any]) -> None:
    """A reported number must follow from the published predictions."""
    wrong = [name for name in measured if measured[name] != recomputed[name]]
    if wrong:
        raise DataError(
            f"{paths.PREDICTIONS}: gives other values than the network did, for {', '.join(wrong)}:"
            f" {[recomputed[name] for name in wrong]} instead of {[measured[name] for name in wrong]};"
            f" {paths.METRICS} was not written"
        )


def _summary(measured: dict[str, Any], correct: int) -> str:
    accuracy, low, high = (100 * measured[f"test_accuracy{suffix}"] for suffix in ("", "_low", "_high"))
    return "\n".join(
        [
            f"test accuracy {accuracy:.1f} %, 95 % interval {low:.1f} % to {high:.1f} %"
            f" ({correct:,} of {measured['test_images']:,} images); loss {measured['test_loss']:.3f},"
            f" calibration error {100 * measured['test_calibration_error']:.1f} %",
            f"validation accuracy {100 * measured['validation_accuracy']:.1f} %"
            f" ({measured['validation_images']:,} images); loss {measured['validation_loss']:.3f}",
            f"details: {paths.METRICS}, {paths.PREDICTIONS}",
            f"pictures: {', '.join(str(picture) for picture in PICTURES)}",
        ]
    )
