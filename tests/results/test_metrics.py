"""Metrics against scikit-learn where they are ours, against counting where they are its, and by hand."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics
from sklearn.calibration import calibration_curve

from pipeline.process.errors import DataError
from pipeline.results import metrics


def predictions(images: int, classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng([seed, images, classes])
    labels = random.integers(0, classes, images)
    scores = random.normal(size=(images, classes)) + 2 * np.eye(classes)[labels]
    probabilities = np.exp(scores)
    return labels, probabilities / probabilities.sum(axis=1, keepdims=True)


sizes = pytest.mark.parametrize(("images", "classes"), [(1, 2), (7, 2), (300, 5), (500, 100)])


@sizes
def test_accuracy_and_loss_equal_scikit_learn(images, classes):
    labels, probabilities = predictions(images, classes)
    predicted = metrics.predicted_classes(probabilities)
    assert metrics.accuracy(labels, probabilities) == sklearn_metrics.accuracy_score(labels, predicted)
    expected = sklearn_metrics.log_loss(labels, probabilities, labels=range(classes))
    assert metrics.cross_entropy(labels, probabilities) == pytest.approx(expected, rel=1e-12)


@sizes
def test_confusions_and_class_scores_are_what_counting_gives(images, classes):
    labels, probabilities = predictions(images, classes)
    predicted = metrics.predicted_classes(probabilities)
    confusion = metrics.confusion_matrix(labels, probabilities)
    assert confusion.dtype == np.int64
    counted = Counter(zip(labels.tolist(), predicted.tolist(), strict=True))
    assert confusion.tolist() == [[counted[row, column] for column in range(classes)] for row in range(classes)]
    for number, scores in enumerate(metrics.per_class(labels, predicted, classes)):
        right, real, called = counted[number, number], (labels == number).sum(), (predicted == number).sum()
        assert scores.images == real
        assert (scores.precision, scores.recall) == (right / called if called else None, right / real if real else None)
        assert scores.f1 == (2 * right / (real + called) if real + called else None)


def test_undefined_scores_are_none_and_missed_classes_zero():
    labels, predicted = np.array([0, 0, 3, 3, 3]), np.array([1, 1, 3, 3, 3])
    never_predicted, absent, untouched, perfect = metrics.per_class(labels, predicted, 4)
    assert never_predicted == metrics.ClassScores(precision=None, recall=0.0, f1=0.0, images=2)
    assert absent == metrics.ClassScores(precision=0.0, recall=None, f1=0.0, images=0)
    assert untouched == metrics.ClassScores(precision=None, recall=None, f1=None, images=0)
    assert perfect == metrics.ClassScores(precision=1.0, recall=1.0, f1=1.0, images=3)


def test_the_worst_confusions_come_first_and_ties_in_class_order():
    confusion = np.array([[9, 2, 0], [2, 9, 3], [0, 0, 9]])
    assert metrics.worst_confusions(confusion, 9) == [(1, 2, 3), (0, 1, 2), (1, 0, 2)]
    assert metrics.worst_confusions(confusion, 1) == [(1, 2, 3)]
    assert metrics.worst_confusions(np.eye(3, dtype=int), 9) == []


def test_the_surest_mistakes_come_first():
    probabilities = np.array([[0.6, 0.4], [0.9, 0.1], [0.2, 0.8], [0.1, 0.9]])
    assert metrics.surest_mistakes(np.array([1, 1, 1, 0]), probabilities).tolist() == [1, 3, 0]


def test_loss_of_a_certain_mistake_is_finite():
    loss = metrics.cross_entropy(np.array([1]), np.array([[1.0, 0.0]]))
    assert loss == pytest.approx(-np.log(1e-7))


def test_equal_probabilities_predict_the_first_class():
    assert metrics.predicted_classes(np.array([[0.5, 0.5], [0.2, 0.8]])).tolist() == [0, 1]


def test_calibration_by_hand():
    labels = np.array([0, 0, 0, 1])
    probabilities = np.array([[0.6, 0.4], [0.4, 0.6], [0.9, 0.1], [0.2, 0.8]])
    low, middle, high = metrics.calibration_bins(labels, probabilities, bins=5)[0:3]
    assert [(b.images, b.confidence, b.accuracy) for b in (low, middle, high)] == [
        (2, pytest.approx(0.6), 0.5),
        (1, pytest.approx(0.8), 1.0),
        (1, pytest.approx(0.9), 1.0),
    ]
    assert (low.low, low.high) == pytest.approx((0.4, 0.6))
    # (2 × |0.5 − 0.6| + |1 − 0.8| + |1 − 0.9|) / 4
    assert metrics.calibration_error([low, middle, high]) == pytest.approx(0.125)


def test_calibration_curve_equals_scikit_learn():
    labels, probabilities = predictions(800, 3)
    bins = metrics.calibration_bins(labels, probabilities)
    right = metrics.predicted_classes(probabilities) == labels
    accuracy, confidence = calibration_curve(right, probabilities.max(axis=1), n_bins=15)
    np.testing.assert_allclose([b.accuracy for b in bins], accuracy)
    np.testing.assert_allclose([b.confidence for b in bins], confidence)


@given(st.integers(1, 60), st.integers(2, 12), st.integers(0, 9))
def test_what_must_hold_for_any_predictions(images, classes, seed):
    labels, probabilities = predictions(images, classes, seed)
    confusion = metrics.confusion_matrix(labels, probabilities)
    bins = metrics.calibration_bins(labels, probabilities)
    assert confusion.sum() == images == sum(b.images for b in bins)
    assert confusion.trace() / images == pytest.approx(metrics.accuracy(labels, probabilities))
    assert all(b.low < b.confidence <= b.high + 1e-12 for b in bins)
    assert 0 <= metrics.calibration_error(bins) <= 1


GOOD = np.array([[0.5, 0.5], [0.1, 0.9]])


@pytest.mark.parametrize(
    ("labels", "probabilities", "message"),
    [
        (np.array([0, 1, 0]), GOOD, r"found int64 \(3,\).*\(2, 2\)"),
        (np.array([0.0, 1.0]), GOOD, r"found float64 \(2,\); needed: integers"),
        (np.array([0, 2]), GOOD, "found 0 to 2; needed: 0 to 1"),
        (np.array([-1, 0]), GOOD, "found -1 to 0"),
        (np.array([0, 1]), GOOD[0], r"found shape \(2,\)"),
        (np.array([], int), np.ones((0, 2)), "N >= 1"),
        (np.array([0, 0]), np.ones((2, 1)), "K >= 2"),
        (np.array([0, 1]), GOOD * [[1], [2]], "1 of 2 rows are not distributions, the first is row 1"),
        (np.array([0, 1]), GOOD * np.nan, "2 of 2 rows.*lower train.learning_rate"),
        (np.array([0, 1]), np.array([[1.5, -0.5], [0, 1]]), "none below 0"),
    ],
)
def test_wrong_input_is_named(labels, probabilities, message):
    for metric in (metrics.accuracy, metrics.cross_entropy, metrics.confusion_matrix, metrics.calibration_bins):
        with pytest.raises(DataError, match=message):
            metric(labels, probabilities)
