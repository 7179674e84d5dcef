"""What a linear classifier reaches on stored features: the floor that a training has to beat, and a quick look at a
backbone.

Ridge regression on one-against-all targets in closed form. One decomposition gives the leave-one-out error of every
penalty (Allen 1974), as big_vision and DINOv2 choose theirs in one pass.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.linear_model import RidgeClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pipeline.files import paths, records
from pipeline.identity import fingerprint
from pipeline.model import features

PENALTIES = np.logspace(-6, 2, 17)  # as shares of the number of images: of the variance of one feature
_MOST_VALUES = 1024  # of an image's features that have places, each then the mean of a part of the image
_MOST_MULTIPLICATIONS = 10**10  # of the decomposition, which takes seconds
_ROWS = 256


def floor() -> dict[str, float]:
    """Of the features that a frozen backbone has stored, or of the images where nothing is frozen: what goes into
    metrics.json. `linear_probe_validation_accuracy` (0–1) after fitting to `linear_probe_images` training images
    with `linear_probe_features` numbers each.

    Training images are taken from all classes in proportion if there are more than the time allows. Raises DataError if
    what is stored is damaged.
    """
    train, validation = (_stored(split) for split in fingerprint.SPLITS)
    labels, expected = (records.read_npy(paths.labels(split), memory_map=False) for split in fingerprint.SPLITS)
    width = vectors(train, np.arange(1)).shape[1]
    rows = spread(labels, most_images(width))
    fitted = fit(vectors(train, rows), labels[rows])
    found = fitted.predict(vectors(validation, np.arange(len(expected))))
    return {
        "linear_probe_validation_accuracy": float((found == expected).mean()),
        "linear_probe_images": len(rows),
        "linear_probe_features": width,
    }


def fit(inputs: np.ndarray, labels: np.ndarray) -> Any:
    """A classifier whose `predict` takes (N, D) to class indices (N,), of features (N, D) and labels int64 (N,).

    Features are brought to variance 1; the penalty is the one of `PENALTIES` with the least leave-one-out error.
    """
    if len(np.unique(labels)) == 1:
        return _Always(labels[0])
    return make_pipeline(StandardScaler(), RidgeClassifierCV(alphas=len(labels) * PENALTIES)).fit(inputs, labels)


class _Always:
    """The classifier of images of one class."""

    def __init__(self, label: int) -> None:
        self.label = label

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        return np.full(len(inputs), self.label)


def most_images(width: int) -> int:
    """How many images of `width` features each are fitted to in seconds."""
    return int(max(math.isqrt(_MOST_MULTIPLICATIONS // width), _MOST_MULTIPLICATIONS // width**2))


def spread(labels: np.ndarray, most: int) -> np.ndarray:
    """Places int64, ascending, of at most `most` of the images with these labels (N,): every class in proportion."""
    by_class = np.argsort(labels, kind="stable")
    count = min(len(labels), most)
    chosen: np.ndarray = np.sort(by_class[np.arange(count) * len(labels) // count])
    return chosen


def vectors(stored: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """float64 (n, D) of the `rows` of (N, D), of tokens (N, T, D), which are averaged, or of maps (N, H, W, C).

    Of maps as many parts as `_MOST_VALUES` has room for are averaged, at least the whole.
    """
    parts = [rows[start : start + _ROWS] for start in range(0, len(rows), _ROWS)]
    return np.concatenate([_flat(np.asarray(stored[part], np.float64)) for part in parts])


def _flat(values: np.ndarray) -> np.ndarray:
    if values.ndim == 3:
        values = values.mean(axis=1)
    if values.ndim == 4:
        parts = max(1, math.isqrt(_MOST_VALUES // values.shape[3]))
        for axis in (1, 2):
            values = _means(values, axis, min(parts, values.shape[axis]))
    return values.reshape(len(values), -1)


def _means(values: np.ndarray, axis: int, parts: int) -> np.ndarray:
    """The means of `parts` parts along an axis, as equal as whole numbers allow."""
    length = values.shape[axis]
    starts = np.arange(parts) * length // parts
    counts = np.diff(starts, append=length).reshape([-1 if a == axis else 1 for a in range(values.ndim)])
    means: np.ndarray = np.add.reduceat(values, starts, axis=axis) / counts
    return means


def _stored(split: str) -> np.ndarray:
    """The topmost activations stored of a split: with views of training images, they come last."""
    index: Mapping[str, Any] = features.read_index([split])
    file = index["cuts"][-1]["file"]
    array = paths.FEATURES / split / file if file else paths.images(split)
    used = {name: index["digests"][split][name] for name in (array.name, paths.labels(split).name)}
    features.verify_files(split, used)
    found: np.ndarray = records.read_npy(array)
    return found
