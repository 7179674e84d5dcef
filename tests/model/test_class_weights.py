"""Weights of classes, against scikit-learn."""

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from pipeline.model import class_weights
from pipeline.process.errors import CombinationError

CLASSES = ["birch", "oak", "ash"]
LABELS = np.array([0, 0, 0, 0, 2, 1, 0, 2])


def test_balanced_weights_equal_scikit_learn_and_have_mean_one_over_the_images():
    found = class_weights.of("balanced", CLASSES, LABELS)
    assert found is not None
    np.testing.assert_allclose(found, compute_class_weight("balanced", classes=np.arange(3), y=LABELS))
    assert found[LABELS].mean() == pytest.approx(1)


def test_a_class_without_training_images_changes_no_weight():
    found = class_weights.of("balanced", [*CLASSES, "elm"], LABELS)
    np.testing.assert_array_equal(found, [*class_weights.of("balanced", CLASSES, LABELS), 1])  # type: ignore[misc]


def test_classes_that_are_not_named_have_weight_one():
    found = class_weights.of({"ash": 3.5}, CLASSES, LABELS)
    np.testing.assert_array_equal(found, [1, 1, 3.5])


def test_no_weights_are_none_at_all():
    assert class_weights.of("none", CLASSES, LABELS) is None


def test_an_unknown_class_is_named_with_the_one_that_was_meant():
    with pytest.raises(CombinationError, match=r"train\.class_weights: 'brich' is no class; did you mean birch\?"):
        class_weights.of({"oak": 1.0, "brich": 2.0}, CLASSES, LABELS)
