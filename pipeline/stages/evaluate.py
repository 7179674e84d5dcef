"""evaluate: what the trained network predicts for images it has not seen, as metrics, tables and pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.files import paths, records
from pipeline.identity import seeds
from pipeline.plots import style
from pipeline.plots.calibration import calibration
from pipeline.plots.confusion import confusion
from pipeline.plots.curves import curves
from pipeline.plots.feature_map import feature_map
from pipeline.plots.predictions import predictions as grid
from pipeline.plots.scores import scores
from pipeline.plots.why import chosen, why
from pipeline.process import notices
from pipeline.process.errors import DataError
from pipeline.report import page
from pipeline.results import balanced, drawn_tables, history, metrics, predictions, projection
from pipeline.results import classes as class_names
from pipeline.results import floor as below_floor
from pipeline.results.predictions import Predictions
from pipeline.results.projection import Projection
from pipeline.results.statistics import wilson_interval

if TYPE_CHECKING:
    from pipeline.params.schema import Params

_BOOTSTRAP_SEED = 1  # any: it says nothing about the network


def run(params: Params, listed: Mapping[str, Any] | None = None) -> None:
    """Evaluate models/model.keras on the validation and test images; see `evaluate`."""
    # Here, so that all the rest of the stage can be used without the seconds TensorFlow takes to import.
    from pipeline.model import assembly, linear_probe, predict
    from pipeline.model.why import looking

    trained = assembly.load_trained(params)
    evaluate(
        params,
        probabilities=lambda split: predict.probabilities(split, trained, params),
        features=lambda split: predict.features(split, trained, params),
        look=looking(trained.full),
        floor=linear_probe.floor(),
        listed=listed,
    )


def evaluate(
    params: Params,
    probabilities: Callable[[str], np.ndarray],
    features: Callable[[str], np.ndarray],
    look: Callable[[np.ndarray], np.ndarray] | None = None,
    floor: Mapping[str, float] | None = None,
    listed: Mapping[str, Any] | None = None,
) -> None:
    """Write metrics, predictions, tables, pictures and the page into reports/.

    `probabilities`: split → float64 (N, K), `features`: split → float64 (N, D), in the order of the stored images.
    `look`: images uint8 (n, H, W, C) → where their classes were seen, float (n, h, w), 0 to 1; None: nowhere.
    `floor`: metrics of the linear probe, which follow from no prediction. `listed`: the parameters that the page lists,
    else all of `params`. Raises DataError, before anything is written, if they are no probabilities or do not fit the
    stored images and classes, or model and images have other classes.
    """
    classes = class_names.of_model()
    validation, test = (_predictions(split, probabilities(split), classes) for split in ("validation", "test"))
    plane = projection.principal_plane(features("test"))
    measured = measure(test, validation)
    predictions.write(paths.PREDICTIONS, test)
    predictions.write(paths.VALIDATION_PREDICTIONS, validation)
    read = [predictions.read(path) for path in (paths.PREDICTIONS, paths.VALIDATION_PREDICTIONS)]
    _require_equal(measured, measure(*read))
    measured |= floor or {}
    records.write_json(paths.METRICS, measured)
    _write_tables(test, plane)
    _draw(test, plane, look)
    records.write_text(paths.REPORT, page.render(params, read[0], listed))
    print(_summary(measured, int(test.correct.sum())))
    for warning in (balanced.warning(_confusion(test), classes), below_floor.warning(measured)):
        if warning:
            notices.warn(warning)


def _write_tables(test: Predictions, plane: Projection) -> None:
    classes, matrix = test.classes, metrics.confusion_matrix(test.labels, test.probabilities)
    header = ["label", *(f"predicted_{name}" for name in classes)]
    records.write_csv(
        paths.CONFUSION, header, ([name, *row] for name, row in zip(classes, matrix.tolist(), strict=True))
    )
    bins = metrics.calibration_bins(test.labels, test.probabilities)
    records.write_csv(paths.CALIBRATION, _columns(metrics.Bin), [astuple(b) for b in bins])
    of_classes = ([name, *astuple(score)] for name, score in test.scores.items())
    drawn_tables.write(paths.SCORES, ["class", *_columns(metrics.ClassScores)], of_classes)
    dots = (
        [test.names[i], classes[test.labels[i]], classes[test.predicted[i]], *place]
        for i, place in zip(plane.rows, plane.coordinates.tolist(), strict=True)
    )
    drawn_tables.write(paths.FEATURE_MAP, ["name", "label", "predicted", "first", "second"], dots)


def _draw(test: Predictions, plane: Projection, look: Callable[[np.ndarray], np.ndarray] | None) -> None:
    matrix = metrics.confusion_matrix(test.labels, test.probabilities)
    images = records.read_npy(paths.images("test"))
    few = chosen(test.labels, test.probabilities)
    looked = np.asarray(images[few])
    figures = {
        paths.CURVES_PICTURE: curves(
            history.read(paths.HISTORY), history.kept_epoch(records.read_json(paths.TRAINING))
        ),
        paths.CONFUSION_PICTURE: confusion(matrix, test.classes),
        paths.PREDICTIONS_PICTURE: grid(images, test.labels, test.probabilities, test.classes),
        paths.CALIBRATION_PICTURE: calibration(metrics.calibration_bins(test.labels, test.probabilities)),
        paths.SCORES_PICTURE: scores(test.scores),
        paths.FEATURE_MAP_PICTURE: feature_map(plane, test.labels, test.predicted, test.classes),
        paths.WHY_PICTURE: why(
            looked, look(looked) if look else None, test.labels[few], test.probabilities[few], test.classes
        ),
    }
    for path, figure in figures.items():
        style.save(figure, path)


def _columns(of: type) -> list[str]:
    return [field.name for field in fields(of)]


def measure(test: Predictions, validation: Predictions) -> dict[str, Any]:
    """The content of metrics.json. Accuracies, their 95 % Wilson interval and the calibration error are fractions 0–1.

    Losses are mean cross-entropies in nats, without penalties. Scores of the classes are in scores.csv; figures that
    count all of them the same, with their 95 % intervals, come from `pipeline.results.balanced`.
    """
    confusions = {"test": _confusion(test), "validation": _confusion(validation)}
    of_classes = {
        split: balanced.figures(split, confusion, seeds.generator(_BOOTSTRAP_SEED, "bootstrap"))
        for split, confusion in confusions.items()
    }
    low, high = wilson_interval(int(test.correct.sum()), len(test.labels))
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
        **of_classes["test"],
        **of_classes["validation"],
        "test_commonest_share": balanced.commonest(confusions["test"])[1],
    }


def _confusion(of: Predictions) -> np.ndarray:
    return metrics.confusion_matrix(of.labels, of.probabilities)


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


def _with_interval(measured: dict[str, Any], name: str) -> str:
    value, low, high = (100 * measured[f"test_{name}{end}"] for end in ("", "_low", "_high"))
    return f"{balanced.NAMES[name]} {value:.1f} % ({low:.1f} % to {high:.1f} %)"


def _summary(measured: dict[str, Any], correct: int) -> str:
    accuracy, low, high = (100 * measured[f"test_accuracy{suffix}"] for suffix in ("", "_low", "_high"))
    return "\n".join(
        [
            f"test accuracy {accuracy:.1f} %, 95 % interval {low:.1f} % to {high:.1f} %"
            f" ({correct:,} of {measured['test_images']:,} images); loss {measured['test_loss']:.3f},"
            f" calibration error {100 * measured['test_calibration_error']:.1f} %",
            "; ".join(_with_interval(measured, name) for name in balanced.NAMES),
            f"validation accuracy {100 * measured['validation_accuracy']:.1f} %"
            f" ({measured['validation_images']:,} images); loss {measured['validation_loss']:.3f}",
            f"all of it on one page: {paths.REPORT}",
        ]
    )
