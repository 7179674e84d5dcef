"""Which labels are probably wrong, and how many: what other images say about each one.

Confident learning: C. G. Northcutt, L. Jiang and I. L. Chuang, 2021, J. Artificial Intelligence Research 70.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.results import temperature

_PENALTIES = (0.01, 0.1, 0.3, 1.0, 3.0)
_LOG_TEMPERATURES = (-5.0, 2.0)


@dataclass(frozen=True)
class Suspicion:
    """Image `index` is probably of class `suggested`; `probability` of the label it has, 0 to 1."""

    index: int
    suggested: int
    probability: float


def out_of_fold(
    features: np.ndarray, labels: np.ndarray, groups: Sequence[str], folds: int = 5, seed: int = 1
) -> np.ndarray:
    """Probabilities (N, K) of each of N images by a linear head that was trained on the other folds.

    `features` (N, D), `labels` (N,) of K classes, `groups` of N: images of one group are in one fold. The head is a
    ridge regression on the classes, in closed form; of few penalties the one is taken that leaves the least squared
    error on held-out labels. Its scores become probabilities by the temperature that makes the held-out labels
    likeliest (C. Guo and others, 2017, ICML). Activations that are never negative, many small and few large, are
    compared by their roots (R. Arandjelović and A. Zisserman, 2012, CVPR).
    """
    rooted = np.sqrt(features) if (features >= 0).all() else features
    right = np.eye(int(labels.max()) + 1)[labels]
    parts = _parts(labels, groups, folds, seed)
    judged = ~np.isin(labels, unjudged(labels, groups, folds, seed))
    tried = [_held_out(rooted, right, parts, penalty) for penalty in _PENALTIES]
    scores = min(tried, key=lambda one: float(((one - right)[judged] ** 2).mean()))
    fitted = temperature.fitted(scores[judged], right[judged], _LOG_TEMPERATURES)
    probabilities: np.ndarray = np.where(judged[:, np.newaxis], np.exp(temperature.log_shares(scores, fitted)), right)
    return probabilities


def unjudged(labels: np.ndarray, groups: Sequence[str], folds: int = 5, seed: int = 1) -> list[int]:
    """The classes, by index, whose images are all in one fold: no head that is asked about them has seen the class.

    `out_of_fold` takes their labels for right.
    """
    parts = _parts(labels, groups, folds, seed)
    return sorted({int(label) for train, held_out in parts for label in set(labels[held_out]) - set(labels[train])})


def _parts(labels: np.ndarray, groups: Sequence[str], folds: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Of each fold the places of those to learn from and of those held out."""
    from sklearn.model_selection import StratifiedGroupKFold

    return list(StratifiedGroupKFold(folds, shuffle=True, random_state=seed).split(labels, labels, groups))


def _held_out(
    features: np.ndarray, right: np.ndarray, parts: Sequence[tuple[np.ndarray, np.ndarray]], penalty: float
) -> np.ndarray:
    """Scores (N, K); `penalty` is a share of the number of images, each feature having variance 1."""
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    scores = np.zeros(right.shape)
    for train, held_out in parts:
        head = make_pipeline(StandardScaler(), Ridge(penalty * len(train), solver="cholesky"))
        head.fit(features[train], right[train])
        scores[held_out] = head.predict(features[held_out])
    return scores


def suspected(labels: np.ndarray, probabilities: np.ndarray) -> list[Suspicion]:
    """The images that are confidently of another class than their label, or more probably of another: those first
    whose label is the least probable beside that class."""
    confident = _confident(labels, probabilities)
    other = np.where((confident >= 0) & (confident != labels), confident, probabilities.argmax(axis=1))
    index = np.nonzero(other != labels)[0]
    own, instead = probabilities[index, labels[index]], probabilities[index, other[index]]
    order = np.argsort(own / np.maximum(instead, 1e-300), kind="stable")
    return [Suspicion(int(index[i]), int(other[index[i]]), float(own[i])) for i in order]


def share(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """The estimated share of wrong labels, 0 to 1: of each class, what of its confident images is of another one."""
    confident = _confident(labels, probabilities)
    wrong = 0.0
    for k in np.unique(labels):
        known = confident[(labels == k) & (confident >= 0)]
        wrong += float(np.mean(known != k)) * float(np.mean(labels == k)) if len(known) else 0.0
    return wrong


def _confident(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """The class each image is confidently of, or -1: the most probable of those whose probability is at least the mean
    of it over the images so labelled."""
    present = np.unique(labels)
    threshold = np.full(probabilities.shape[1], np.inf)
    threshold[present] = [probabilities[labels == k, k].mean() for k in present]
    above = np.where(probabilities >= threshold, probabilities, -1.0)
    return np.where(above.max(axis=1) >= 0, above.argmax(axis=1), -1)
