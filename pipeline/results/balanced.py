"""Figures in which a rare class counts as much as a common one, with their 95 % intervals.

Accuracy is mostly about the common classes: with nine images in ten of one class, 90 % is what knowing nothing gives.
All follow from a confusion matrix, int64 (K, K): images of class [row] predicted as class [column]; all are 0–1.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

from pipeline.results.statistics import Interval, wilson_interval

CONFIDENCE = 0.95
DRAWS = 2000  # of the bootstrap: its ends move by less than a tenth of the interval's width
NAMES = {"balanced_accuracy": "balanced accuracy", "macro_f1": "macro F1", "worst_recall": "worst class's recall"}
NEAR = 0.1  # of the mistakes that the commonest class makes: fewer avoided than this are next to none


def figures(split: str, confusion: np.ndarray, random: np.random.Generator) -> dict[str, float]:
    """Balanced accuracy, macro F1 and worst recall of a `split`, each with the ends of its interval; names → values."""
    found = {
        "balanced_accuracy": (balanced_accuracy(confusion), balanced_accuracy_interval(confusion)),
        "macro_f1": (float(macro_f1(confusion)), macro_f1_interval(confusion, random)),
        "worst_recall": (worst_recall(confusion), worst_recall_interval(confusion)),
    }
    return {
        f"{split}_{name}{end}": number
        for name, (value, interval) in found.items()
        for end, number in zip(("", "_low", "_high"), (value, *interval), strict=True)
    }


def balanced_accuracy(confusion: np.ndarray) -> float:
    """The mean recall of the classes that have images (Brodersen et al. 2010, as in scikit-learn)."""
    return float(np.mean([right / images for right, images in _recalls(confusion)]))


def balanced_accuracy_interval(confusion: np.ndarray, confidence: float = CONFIDENCE) -> Interval:
    """Normal interval of the mean of independent proportions, widened to hold the value; within 0–1.

    Two right and two wrong answers are added over all classes together (Agresti and Coull 1998): added to each class,
    as a Wilson interval of each would, they draw the mean of many towards the middle.
    """
    right, images = np.array(_recalls(confusion)).T
    return _mean_recall_interval(right, images, confidence)


def _mean_recall_interval(right: np.ndarray, images: np.ndarray, confidence: float) -> Interval:
    """Of classes (K,) with images. The rarer one is, the more of the luck is its own, and of what is added."""
    added = 2 / images / (1 / images).sum()
    recalls = (right + added) / (images + 2 * added)
    # One fewer, as in any variance of a sample: of classes of five images that is a fifth of it.
    error = np.sqrt((recalls * (1 - recalls) / (images + 2 * added - 1)).sum()) / len(images)
    half = stats.norm.ppf((1 + confidence) / 2) * error
    value = (right / images).mean()
    return float(max(0.0, min(recalls.mean() - half, value))), float(min(1.0, max(recalls.mean() + half, value)))


def macro_f1(confusion: np.ndarray) -> Any:
    """The mean F1 of the classes that have images or predictions; of matrices (..., K, K), their means (...)."""
    return _mean_f1(np.diagonal(confusion, axis1=-2, axis2=-1), confusion.sum(-1), confusion.sum(-2))


def macro_f1_interval(
    confusion: np.ndarray, random: np.random.Generator, confidence: float = CONFIDENCE, draws: int = DRAWS
) -> Interval:
    """Percentile interval of a bootstrap within classes (Efron and Tibshirani 1993).

    Each class keeps its number of images, and each of them is drawn from what was predicted for the class. Two right
    and two wrong answers are added for that, over all classes (Agresti and Coull 1998): without a mistake there would
    be no luck to see.
    """
    count = len(confusion)
    right = np.zeros((draws, count))
    predicted = np.zeros((draws, count))
    for row in np.flatnonzero(confusion.sum(axis=1)).tolist():
        shares = _shares(confusion[row], row, 2 / count)
        columns = np.flatnonzero(shares)  # as many as differ, not K: a thousand classes take seconds
        drawn = random.multinomial(confusion[row].sum(), shares[columns], size=draws)
        predicted[:, columns] += drawn
        right[:, row] = drawn[:, columns == row][:, 0]
    values = _mean_f1(right, np.broadcast_to(confusion.sum(axis=1), right.shape), predicted)
    low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    value = float(macro_f1(confusion))
    return min(float(low), value), max(float(high), value)


def worst_recall(confusion: np.ndarray) -> float:
    """The lowest recall of a class that has images."""
    return min(right / images for right, images in _recalls(confusion))


def worst_recall_interval(confusion: np.ndarray, confidence: float = CONFIDENCE) -> Interval:
    """Of the lowest of the classes' true recalls, from exact intervals of them all (Clopper and Pearson 1934).

    They hold for all classes together (Šidák 1967), so it may be any class that comes out worst. Conservative.
    """
    recalls = _recalls(confusion)
    of_each = confidence ** (1 / len(recalls))
    ends = [stats.binomtest(right, images).proportion_ci(of_each, method="exact") for right, images in recalls]
    return float(min(end.low for end in ends)), float(min(end.high for end in ends))


def commonest(confusion: np.ndarray) -> tuple[int, float]:
    """The class with most images, the first of equals, and its share of them: the accuracy of always answering it."""
    images = confusion.sum(axis=1)
    return int(images.argmax()), float(images.max() / images.sum())


def no_better_than_commonest(confusion: np.ndarray) -> bool:
    """True if accuracy may be that of always answering the commonest class, or avoids next to none of its mistakes.

    The share of mistakes that is avoided is lambda (Goodman and Kruskal 1954).
    """
    right, images = int(np.trace(confusion)), int(confusion.sum())
    _, share = commonest(confusion)
    avoided = (right / images - share) / (1 - share) if share < 1 else 1.0
    return avoided < NEAR or (share < 1 and wilson_interval(right, images)[0] <= share)


def warning(confusion: np.ndarray, classes: Sequence[str]) -> str | None:
    """What to say if accuracy tells nothing; None if it does. `classes`: K names."""
    if not no_better_than_commonest(confusion):
        return None
    (place, share), right = commonest(confusion), np.trace(confusion) / confusion.sum()
    said, bound = (f"{100 * value:.1f} %" for value in (right, share))
    always = f"the {bound} of always answering {classes[place]!r}, the commonest class"
    if right < share and said != bound:
        blind = 1 / len(_recalls(confusion))
        return (
            f"accuracy {said} is below {always}: balanced accuracy, {100 * balanced_accuracy(confusion):.1f} % here and"
            f" {100 * blind:.1f} % for the same answer to every image, says whether anything was learned; look at"
            " reports/curves.png and reports/scores.csv"
        )
    return (
        f"accuracy {said} is {'no more than' if said == bound else 'near'} {always}: look at balanced accuracy and at"
        " reports/scores.csv; train.class_weights: balanced makes rare classes count"
    )


def _recalls(confusion: np.ndarray) -> list[tuple[int, int]]:
    """(right, all) images of each class that has any."""
    pairs = zip(np.diag(confusion).tolist(), confusion.sum(axis=1).tolist(), strict=True)
    return [(right, images) for right, images in pairs if images]


def _mean_f1(right: np.ndarray, images: np.ndarray, predicted: np.ndarray) -> Any:
    either = images + predicted
    f1 = 2 * right / np.where(either > 0, either, 1)
    return f1.sum(axis=-1) / (either > 0).sum(axis=-1)


def _shares(row: np.ndarray, of_class: int, added: float) -> np.ndarray:
    """The shares of a class's answers, `added` right and wrong ones included; wrong ones as its mistakes are."""
    mistakes = row.astype(np.float64)
    mistakes[of_class] = 0
    if not mistakes.any():
        mistakes[(of_class + 1) % len(row)] = 1
    smoothed = row + added * mistakes / mistakes.sum()
    smoothed[of_class] += added
    shares: np.ndarray = smoothed / smoothed.sum()
    return shares
