"""Differences by class: corrected for their number, so that equal networks seldom seem to differ in one."""

import numpy as np
import pytest

from pipeline.results import class_differences
from pipeline.results.predictions import Predictions


def predictions(labels: np.ndarray, right: np.ndarray, classes: int) -> Predictions:
    said = np.where(right, labels, (labels + 1) % classes)
    probabilities = np.full((len(labels), classes), 0.1)
    probabilities[np.arange(len(labels)), said] = 1.0
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return Predictions(
        [f"class {c}" for c in range(classes)], [str(i) for i in range(len(labels))], labels, probabilities
    )


def test_holm_is_holm_s():
    assert class_differences.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert class_differences.holm([0.9, 0.8]) == [1.0, 1.0]
    assert class_differences.holm([]) == []


def test_a_class_that_differs_is_found_and_named():
    labels = np.repeat(np.arange(3), 100)
    first = np.ones(300, bool)
    second = np.where((labels == 1) & (np.arange(300) % 2 == 0), False, True)
    found = class_differences.compare(predictions(labels, first, 3), predictions(labels, second, 3))
    assert [one.detectable for one in found] == [False, True, False]
    assert found[1].difference == pytest.approx(0.5)
    assert found[1].interval[0] > 0
    text = "\n".join(class_differences.describe(found))
    assert "corrected for 3 classes (Holm)" in text
    assert "class 1: recall +50.00 points" in text
    assert "class 0" not in text


def test_equal_networks_differ_in_no_class_in_nineteen_of_twenty():
    random = np.random.default_rng(3)
    labels = np.repeat(np.arange(10), 60)
    alarms = 0
    for _ in range(200):
        sides = [predictions(labels, random.random(600) < 0.7, 10) for _ in range(2)]
        found = class_differences.compare(*sides)
        alarms += any(one.detectable for one in found)
    assert alarms <= 16  # of 200, at most 10 expected
    assert class_differences.describe(found)[0].startswith("by class")


def test_a_class_without_images_is_left_out():
    labels = np.array([0, 0, 2, 2])
    both = predictions(labels, np.ones(4, bool), 3)
    assert [one.name for one in class_differences.compare(both, both)] == ["class 0", "class 2"]
