"""What is looked for: the figures, and what they are called."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, recall_score

from pipeline.results import objectives
from pipeline.results.objectives import Objective

LABELS = np.array([0, 0, 0, 0, 0, 1, 1, 2])
PROBABILITIES = np.eye(3)[[0, 0, 0, 1, 0, 1, 0, 2]] * 0.7 + 0.1


@pytest.mark.parametrize("measure", objectives.NAMES)
def test_each_figure_equals_scikit_learn(measure: str) -> None:
    predicted = PROBABILITIES.argmax(axis=1)
    expected = {
        "accuracy": accuracy_score(LABELS, predicted),
        "balanced_accuracy": balanced_accuracy_score(LABELS, predicted),
        "macro_f1": f1_score(LABELS, predicted, average="macro"),
        "worst_recall": recall_score(LABELS, predicted, average=None).min(),
    }
    assert objectives.value(measure, LABELS, PROBABILITIES) == pytest.approx(expected[measure])


def test_names_say_which_figure_of_which_images() -> None:
    assert (Objective().key, Objective().said) == ("validation_accuracy", "validation accuracy")
    rare = Objective("macro_f1")
    assert (rare.key, rare.said, rare.of("accuracy")) == (
        "validation_macro_f1",
        "macro F1 of the validation images",
        "validation_accuracy",
    )
    folds = Objective("worst_recall", 5)
    assert (folds.key, folds.said) == ("folds_worst_recall", "worst class's recall over 5 folds")
