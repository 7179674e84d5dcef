"""Figures in which every class counts the same: values against scikit-learn, intervals by how often they hold."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, f1_score, recall_score

from pipeline.results import balanced
from pipeline.results.statistics import wilson_interval

IMAGES = np.array([200, 60, 20])  # of each class
SHARES = np.array([[0.9, 0.06, 0.04], [0.2, 0.75, 0.05], [0.3, 0.1, 0.6]])  # of its answers, by class


def drawn(random: np.random.Generator) -> np.ndarray:
    return np.array([random.multinomial(n, row) for n, row in zip(IMAGES, SHARES, strict=True)])


def random(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("seed", range(5))
def test_values_equal_scikit_learn(seed):
    numbers = random(seed)
    labels, predicted = numbers.integers(0, 3 + seed % 2, 40), numbers.integers(0, 4, 40)
    matrix = confusion_matrix(labels, predicted, labels=range(5))  # the last class is nowhere
    present = np.unique(labels)
    assert balanced.balanced_accuracy(matrix) == pytest.approx(
        recall_score(labels, predicted, labels=present, average="macro")
    )
    assert balanced.macro_f1(matrix) == pytest.approx(f1_score(labels, predicted, average="macro", zero_division=0))
    assert balanced.worst_recall(matrix) == recall_score(labels, predicted, labels=present, average=None).min()


def test_balanced_accuracy_is_scikit_learns():
    labels, predicted = random().integers(0, 3, 50), random(1).integers(0, 3, 50)
    found = balanced.balanced_accuracy(confusion_matrix(labels, predicted))
    assert found == pytest.approx(balanced_accuracy_score(labels, predicted))


def test_the_interval_of_one_class_is_near_wilsons():
    """It has its centre, and is a little wider."""
    low, high = balanced.balanced_accuracy_interval(np.array([[80, 20], [0, 0]]))
    narrow = wilson_interval(80, 100)
    assert low < narrow[0] < narrow[1] < high
    assert (low, high) == pytest.approx(narrow, abs=0.005)


SETS = {  # images of each class, and their recalls
    "ten of 18": ([18] * 10, 0.88),
    "ten of 18, nearly all right": ([18] * 10, 0.99),
    "a hundred of 5": ([5] * 100, 0.8),
    "a hundred of 50": ([50] * 100, 0.8),
    "five of 80": ([80] * 5, 0.95),
    "two of 500": ([500] * 2, 0.93),
    "ten, five of them rare": ([200] * 5 + [10] * 5, 0.9),
    "ten, one very rare": ([1000] * 9 + [5], 0.9),
    "ten, one very rare and hard": ([1000] * 9 + [5], np.array([0.99] * 9 + [0.6])),
    "forty, half of them rare and hard": ([100] * 20 + [3] * 20, np.array([0.95] * 20 + [0.3] * 20)),
}


@pytest.mark.parametrize(("images", "recalls"), SETS.values(), ids=SETS)
def test_the_interval_of_balanced_accuracy_holds_and_misses_to_both_sides(images, recalls):
    """A miss to one side is no more than half as frequent again as it should be, 2.5 of a hundred."""
    drawn = random(7).binomial(images, recalls, (3000, len(images)))
    true = float(np.mean(np.broadcast_to(recalls, len(images))))
    ends = np.array([balanced._mean_recall_interval(right, np.array(images), 0.95) for right in drawn])
    below, above = (ends[:, 1] < true).mean(), (ends[:, 0] > true).mean()
    assert below + above <= 0.05 + 0.012  # three standard errors of 3,000 draws
    assert max(below, above) <= 0.0375 + 0.01


def test_a_thousand_classes_of_one_image_are_told_next_to_nothing_of():
    """Of one image a class it cannot be seen how much luck there is; the interval is then too wide, not too narrow."""
    said = np.arange(1000) + (np.arange(1000) % 10 == 0)
    low, high = balanced.balanced_accuracy_interval(np.eye(1000, dtype=int)[said])
    assert 0.8 < low < 0.88 < 0.92 < high < 1


def test_intervals_hold_the_true_values_in_95_of_100_draws():
    numbers = random()
    found = [balanced.figures("test", drawn(numbers), numbers) for _ in range(300)]
    for name in balanced.NAMES:
        true = float(getattr(balanced, name)(np.diag(IMAGES) @ SHARES))
        held = np.mean([e[f"test_{name}_low"] <= true <= e[f"test_{name}_high"] for e in found])
        assert held >= 0.91, name  # 0.95 less three standard errors of 300 draws


def test_intervals_are_no_wider_than_chance():
    """Not honest by width alone: each is at most 2.5 times as wide as the middle 95 % of the values themselves."""
    numbers = random()
    all_drawn = [drawn(numbers) for _ in range(400)]
    found = balanced.figures("test", np.rint(np.diag(IMAGES) @ SHARES).astype(int), numbers)
    for name in balanced.NAMES:
        low, high = np.quantile([getattr(balanced, name)(matrix) for matrix in all_drawn], [0.025, 0.975])
        assert found[f"test_{name}_high"] - found[f"test_{name}_low"] < 2.5 * (high - low)


@pytest.mark.parametrize("count", [2, 10, 100])
def test_without_a_mistake_there_still_is_luck(count):
    found = balanced.figures("test", 10 * np.eye(count, dtype=int), random())
    for name in balanced.NAMES:
        assert found[f"test_{name}"] == found[f"test_{name}_high"] == 1
        assert found[f"test_{name}_low"] < 1


def test_the_same_numbers_give_the_same_bits():
    matrix = drawn(random())
    assert balanced.figures("test", matrix, random(3)) == balanced.figures("test", matrix, random(3))


def test_a_thousand_classes_take_seconds():
    matrix = 50 * np.eye(1000, dtype=int)
    matrix[np.arange(1000), (7 * np.arange(1000) + 3) % 1000] += 5
    low, high = balanced.macro_f1_interval(matrix, random())
    assert low < float(balanced.macro_f1(matrix)) < high < 1


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ([[90, 0], [10, 0]], True),  # it answers the commonest class
        ([[88, 2], [8, 2]], True),  # no more right answers than that
        ([[9000, 0], [950, 50]], True),  # more, beyond chance, and still next to nothing
        ([[4, 2], [1, 4]], True),  # too few images to tell
        ([[90, 0], [0, 10]], False),
        ([[40, 10], [8, 42]], False),
        ([[7, 0], [0, 0]], False),  # one class only: there is nothing to tell apart
    ],
)
def test_accuracy_near_that_of_the_commonest_class(matrix, expected):
    assert balanced.no_better_than_commonest(np.array(matrix)) is expected


@pytest.mark.parametrize(
    ("matrix", "says"),
    [
        (
            [[2, 50], [20, 28]],
            "accuracy 30.0 % is below the 52.0 % of always answering 'a', the commonest class: balanced",
        ),
        ([[2, 50], [20, 28]], "balanced accuracy, 31.1 % here and 50.0 % for the same answer to every image, says"),
        ([[89, 1], [10, 0]], "accuracy 89.0 % is below the 90.0 % of always"),
        ([[90, 0], [10, 0]], "accuracy 90.0 % is no more than the 90.0 % of always"),
        ([[89999, 1], [10000, 0]], "accuracy 90.0 % is no more than the 90.0 % of always"),
        ([[88, 2], [7, 3]], "accuracy 91.0 % is near the 90.0 % of always"),
    ],
)
def test_an_accuracy_below_that_of_the_commonest_class_is_said_to_be(matrix, says):
    assert says in str(balanced.warning(np.array(matrix), ["a", "b"]))


def test_the_commonest_class_is_the_first_of_equals():
    assert balanced.commonest(np.array([[1, 1, 0], [0, 4, 0], [2, 0, 2]])) == (1, 0.4)
