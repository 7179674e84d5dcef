"""Which labels are probably wrong, and how many: what other images say about each one.

Confident learning: C. G. Northcutt, L. Jiang and I. L. Chuang, 2021, J. Artificial Intelligence Research 70.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_PENALTIES = (1.0, 10.0, 100.0, 1000.0)


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

    `features` (N, D), `labels` (N,) of K classes, `groups` of N: images of one group are in one fold. Of few penalties
    the one is taken that gives the held-out labels the greatest likelihood. Activations that are never negative, many
    small and few large, are compared by their roots (R. Arandjelović and A. Zisserman, 2012, CVPR).
    """
    rooted = np.sqrt(features) if (features >= 0).all() else features
    tried = [_held_out(rooted, labels, groups, folds, seed, penalty) for penalty in _PENALTIES]
    own = [said[np.arange(len(labels)), labels] for said in tried]
    return tried[int(np.argmax([np.log(np.maximum(p, 1e-12)).mean() for p in own]))]


def _held_out(
    features: np.ndarray, labels: np.ndarray, groups: Sequence[str], folds: int, seed: int, penalty: float
) -> np.ndarray:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    probabilities = np.zeros((len(labels), int(labels.max()) + 1))
    cut = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    for train, held_out in cut.split(features, labels, groups):
        head = make_pipeline(StandardScaler(), LogisticRegression(C=1 / penalty, max_iter=300))
        head.fit(features[train], labels[train])
        probabilities[np.ix_(held_out, head[-1].classes_)] = head.predict_proba(features[held_out])
    return probabilities


def suspected(labels: np.ndarray, probabilities: np.ndarray) -> list[Suspicion]:
    """The images that are confidently of another class than their label, or more probably of another: those first
    whose label is least probable."""
    confident = _confident(labels, probabilities)
    other = np.where((confident >= 0) & (confident != labels), confident, probabilities.argmax(axis=1))
    index = np.nonzero(other != labels)[0]
    own = probabilities[index, labels[index]]
    return [Suspicion(int(index[i]), int(other[index[i]]), float(own[i])) for i in np.argsort(own, kind="stable")]


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
