"""Fits what tells a network's own kind of images from others, on its training images, and checks it on validation ones.

Covariances with shrinkage: Ledoit & Wolf 2004. Temperature: Guo et al. 2017, with the targets of Platt 1999, so that a
network without a mistake is not sure beyond all bounds.
"""

import math
from dataclasses import dataclass

import numpy as np

from pipeline.results.temperature import fitted
from pipeline.serving import familiarity
from pipeline.serving.familiarity import FALSE_ALARMS, Familiarity

FEWEST_HELD_OUT = math.ceil(1 / FALSE_ALARMS) - 1  # of fewer images none is odder than 95 % of them
_MOST_DIRECTIONS = 512  # of features: flattened maps have tens of thousands, and a covariance has their square
_COOLEST, _HOTTEST = 0.05, 20.0


@dataclass(frozen=True)
class HeldOut:
    """Of M images no weight was trained on: features (M, D), probabilities (M, K), labels int (M,)."""

    features: np.ndarray
    probabilities: np.ndarray
    labels: np.ndarray


def fit(layer: str, features: np.ndarray, labels: np.ndarray, held_out: HeldOut) -> Familiarity | None:
    """From training images' features (N, D) and labels int (N,); `layer` is what the features are given to.

    None if there are too few held-out images to call any of them odd.
    """
    if len(held_out.labels) < FEWEST_HELD_OUT:
        return None
    whitening, means = _whitened(features, labels)
    distances = familiarity.squared_distances(held_out.features, whitening, means)
    doubts = 1 - held_out.probabilities.max(axis=1)
    surprises = familiarity.surprise(_among_themselves(distances), _among_themselves(doubts))
    return Familiarity(
        layer=layer,
        temperature=temperature(held_out.probabilities, held_out.labels),
        whitening=whitening,
        means=means,
        distances=np.sort(distances),
        doubts=np.sort(doubts),
        surprises=np.sort(surprises),
    )


def temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """By which logits are divided for the least cross-entropy, of probabilities (M, K) and labels int (M,)."""
    images, classes = probabilities.shape
    targets = np.full((images, classes), 1 / (images + 2) / classes)
    targets[np.arange(images), labels] += 1 - 1 / (images + 2)
    logits = familiarity.logs(probabilities)
    return math.exp(fitted(logits, targets, (math.log(_COOLEST), math.log(_HOTTEST))))


def _whitened(features: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The map (D, R) after which every class scatters by the same in all directions, and the means (K, R) there."""
    from sklearn.covariance import ledoit_wolf

    directions = _directions(features)
    reduced = (features @ directions).astype(np.float64)
    present = np.unique(labels)
    means = np.stack([reduced[labels == k].mean(axis=0) for k in present])
    scatter, _ = ledoit_wolf(reduced - means[np.searchsorted(present, labels)], assume_centered=True)
    variances, axes = np.linalg.eigh(scatter)
    # The least is for features that are all the same, as of a relu that no image reaches: float32 must hold the scale.
    floor = max(float(variances.max()) * 1e-9, float(np.finfo(np.float32).tiny))
    scale = axes / np.sqrt(np.maximum(variances, floor))
    return (directions @ scale).astype(np.float32), (means @ scale).astype(np.float32)


def _directions(features: np.ndarray) -> np.ndarray:
    """(D, R), orthonormal: all, or of many features those in which the images differ most."""
    if features.shape[1] <= _MOST_DIRECTIONS:
        return np.eye(features.shape[1], dtype=features.dtype)
    from sklearn.decomposition import PCA

    most = min(_MOST_DIRECTIONS, len(features))
    with np.errstate(invalid="ignore"):  # of no variance at all there are no shares
        fitted = PCA(most, svd_solver="randomized", random_state=1).fit(features)
    components: np.ndarray = fitted.components_.T
    return components


def _among_themselves(values: np.ndarray) -> np.ndarray:
    """The p-value of each of (M,) among the others."""
    ordered = np.sort(values)
    share: np.ndarray = (len(values) - np.searchsorted(ordered, values, side="left")) / len(values)
    return share
