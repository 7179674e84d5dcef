"""Figures beside the accuracy, against scikit-learn's; their luck with the images, against the bootstrap."""

import numpy as np
import pytest
from sklearn import metrics as reference

from pipeline.process.errors import DataError
from pipeline.results import figures, metrics
from pipeline.results.figures import Figure, Run
from pipeline.results.history import Epoch
from pipeline.results.predictions import Predictions

CLASSES = ["ant", "bee", "cat"]
EPOCHS = [Epoch(0, 1.0, 0.3, 1.1, 0.31, 0.0), Epoch(1, 0.9, 0.5, 1.0, 0.45, 1e-3), Epoch(2, 0.7, 0.6, 0.9, 0.55, 1e-3)]


def predictions(images: int = 400, right: float = 0.8) -> Predictions:
    random = np.random.default_rng(1)
    labels = random.choice(3, images, p=[0.6, 0.3, 0.1])
    said = np.where(random.random(images) < right, labels, random.choice(3, images))
    probabilities = np.full((images, 3), 0.1)
    probabilities[np.arange(images), said] = 0.8
    return Predictions(CLASSES, [str(i) for i in range(images)], labels, probabilities)


def run(table: Predictions, split: str = "test") -> Run:
    measured = {
        f"{name}_{metric}": value
        for name in ("test", "validation")
        for metric, value in (
            ("images", len(table.labels)),
            ("accuracy", metrics.accuracy(table.labels, table.probabilities)),
            ("loss", metrics.cross_entropy(table.labels, table.probabilities)),
        )
    }
    return Run(measured, {split: table}, EPOCHS)


def of(metric: str, table: Predictions, of_class: str | None = None) -> float:
    return figures.measured(Figure(metric, "test", of_class), run(table)).value


def test_they_are_what_scikit_learn_says():
    table = predictions()
    labels, said = table.labels, table.predicted
    assert of("accuracy", table) == pytest.approx(reference.accuracy_score(labels, said))
    assert of("balanced_accuracy", table) == pytest.approx(reference.balanced_accuracy_score(labels, said))
    assert of("macro_f1", table) == pytest.approx(reference.f1_score(labels, said, average="macro"))
    assert of("recall", table, "cat") == pytest.approx(reference.recall_score(labels, said, average=None)[2])
    assert of("worst_recall", table) == reference.recall_score(labels, said, average=None).min()
    assert of("loss", table) == pytest.approx(reference.log_loss(labels, table.probabilities))


@pytest.mark.parametrize(
    ("metric", "of_class"),
    [("accuracy", None), ("balanced_accuracy", None), ("macro_f1", None), ("recall", "cat"), ("loss", None)],
)
def test_the_luck_with_the_images_is_the_bootstrap_s(metric, of_class):
    table = predictions()
    random = np.random.default_rng(2)
    again = []
    for _ in range(600):
        chosen = random.integers(0, 400, 400)
        drawn = Predictions(CLASSES, [str(i) for i in range(400)], table.labels[chosen], table.probabilities[chosen])
        again.append(of(metric, drawn, of_class))
    found = figures.measured(Figure(metric, "test", of_class), run(table))
    assert (found.variance / found.images) ** 0.5 == pytest.approx(np.std(again), rel=0.15)


def test_a_perfect_figure_is_not_sure_either():
    perfect = predictions(right=1.0)
    for metric in ("accuracy", "balanced_accuracy", "macro_f1", "worst_recall"):
        found = figures.measured(Figure(metric, "test"), run(perfect))
        assert found.value == 1
        assert found.variance > 0


@pytest.mark.parametrize(
    ("metric", "of_class"),
    [("accuracy", None), ("balanced_accuracy", None), ("macro_f1", None), ("recall", "cat"), ("worst_recall", None)],
)
def test_the_step_is_the_farthest_that_one_image_moves_it(metric, of_class):
    table = predictions(100)
    before, moved = figures.measured(Figure(metric, "test", of_class), run(table)), []
    for image in np.flatnonzero(table.correct):
        probabilities = table.probabilities.copy()
        probabilities[image] = np.roll(probabilities[image], 1)
        moved.append(
            abs(before.value - of(metric, Predictions(CLASSES, table.names, table.labels, probabilities), of_class))
        )
    assert max(moved) == pytest.approx(before.step) or (metric == "macro_f1" and max(moved) < before.step)


def test_a_loss_has_no_steps():
    assert figures.measured(Figure("loss", "test"), run(predictions())).step == 0


def test_the_curve_is_of_the_epoch():
    table = predictions()
    found = figures.measured(Figure("accuracy", "validation", epoch=1), run(table, "validation"))
    assert found.value == 0.45
    loss = figures.measured(Figure("loss", "validation", epoch=2), run(table, "validation"))
    assert loss.value == 0.9
    assert loss.variance > 0
    assert figures.measured(Figure("loss", "validation", epoch=2), run(table, "test")).variance is None
    with pytest.raises(DataError, match="the curve ends with epoch 2"):
        figures.measured(Figure("accuracy", "validation", epoch=3), run(table))


def test_what_was_not_kept_is_said():
    of_test = run(predictions())
    assert figures.measured(Figure("accuracy", "validation"), of_test).value == of_test.metrics["validation_accuracy"]
    assert figures.measured(Figure("loss", "validation"), of_test).variance is None
    with pytest.raises(DataError, match="no predictions of the validation images were kept"):
        figures.measured(Figure("macro_f1", "validation"), of_test)
    with pytest.raises(DataError, match="no such class; there are: ant, bee, cat"):
        figures.measured(Figure("recall", "test", "dog"), of_test)


def test_they_have_names():
    assert str(Figure("macro_f1", "test")) == "test macro f1"
    assert str(Figure("recall", "test", "cat")) == "test recall of cat"
    assert str(Figure("loss", "validation", epoch=7)) == "validation loss after epoch 7"
