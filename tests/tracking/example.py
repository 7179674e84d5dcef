"""A finished experiment, tiny: what its files say, and the files."""

import numpy as np

from pipeline.files import paths, records
from pipeline.results import history, predictions
from pipeline.results.history import Epoch
from pipeline.results.metrics import ClassScores
from pipeline.results.predictions import Predictions

from .. import finished

CLASSES = ["oak", "a*b|<i>", "c/d"]
FINGERPRINT = str(finished.TRAINING["fingerprint"])
EPOCHS = [
    Epoch(0, 1.2, 0.3, 1.25, 0.31, 0.0),
    Epoch(1, 0.9, 0.5, 1.0, 0.45, 1e-3),
    Epoch(2, 0.7, 0.6, 0.9, 0.55, 1e-3),
]
TRAINING = {**finished.TRAINING, "classes": CLASSES}
METRICS = {
    "test_accuracy": 0.5,
    "test_accuracy_low": 0.3,
    "test_accuracy_high": 0.7,
    "test_loss": 1.1,
    "test_images": 6,
    "test_calibration_error": 0.1,
    "validation_accuracy": 0.5,
    "validation_loss": 1.2628643221541276,
    "validation_images": 6,
}
SCORES = {
    "oak": ClassScores(precision=0.5, recall=0.75, f1=0.6, images=4),
    "a*b|<i>": ClassScores(precision=None, recall=0.0, f1=0.0, images=2),
    "c/d": ClassScores(precision=None, recall=None, f1=None, images=0),
}


def write_results(probabilities: np.ndarray) -> None:
    generator = np.random.default_rng(1)
    for split in paths.SPLITS:
        records.write_npy(paths.images(split), generator.integers(0, 256, (6, 8, 8, 1), dtype=np.uint8))
        records.write_npy(paths.labels(split), np.array([0, 0, 0, 0, 1, 1]))
    records.write_json(paths.CLASSES, CLASSES)
    records.write_json(paths.TRAINING, TRAINING)
    records.write_json(paths.METRICS, METRICS)
    records.write_json(paths.DATASET, {"classes": CLASSES})
    records.write_csv(paths.CONFUSION, ["label", *CLASSES], [[name, 0, 0, 0] for name in CLASSES])
    records.write_text(paths.MODEL_SUMMARY, "Dense\n")
    records.write_text(paths.REPORT, "<!doctype html>\n")
    history.write(paths.HISTORY, EPOCHS)
    for picture in paths.PICTURES:
        records.write_text(picture, "a picture")
    write_predictions(probabilities)
    of_validation = np.where(np.arange(6)[:, None] < 3, [0.8, 0.1, 0.1], [0.1, 0.8, 0.1])
    table = Predictions(CLASSES, [f"validation {i}" for i in range(6)], np.zeros(6, np.int64), of_validation)
    predictions.write(paths.VALIDATION_PREDICTIONS, table)


def write_predictions(probabilities: np.ndarray) -> None:
    names = [f"image {i}" for i in range(len(probabilities))]
    labels = np.zeros(len(probabilities), dtype=np.int64)
    predictions.write(paths.PREDICTIONS, Predictions(CLASSES, names, labels, probabilities))
