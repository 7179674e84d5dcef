"""A curve is read as a person would: where it is best, and whether it is worse from there on."""

import pytest

from pipeline.results import reading_of_curves
from pipeline.results.history import Epoch
from pipeline.results.reading_of_curves import overfitting_onset


def curve(*validation_losses: float) -> list[Epoch]:
    trained = [Epoch(n, 1 / n, 1 - 0.1 / n, loss, 0.75, 1e-3) for n, loss in enumerate(validation_losses, 1)]
    return [Epoch(0, 2.0, 0.1, 2.0, 0.1, 0.0), *trained]


def test_a_loss_that_rises_markedly_is_overfitting():
    epochs = curve(1.0, 0.5, 0.6, 0.7, 0.9)
    assert overfitting_onset(epochs) == 3
    text = reading_of_curves.describe(epochs)
    assert text.startswith("It overfits from epoch 3 of 5 on: the validation loss rises from 0.500 to 0.900")
    assert "98.0 % of the training images right and 75.0 % of the validation images" in text
    assert round(reading_of_curves.gap(epochs), 3) == 0.23


def test_a_loss_that_falls_to_the_end_would_learn_on():
    assert overfitting_onset(curve(1.0, 0.5, 0.4)) is None
    text = reading_of_curves.describe(curve(1.0, 0.5, 0.4))
    assert "lowest after the last of 3 epochs: it would learn on" in text


def test_a_loss_that_levels_off_does_neither():
    assert overfitting_onset(curve(1.0, 0.5, 0.52)) is None
    assert "after epoch 2 of 3 and hardly rises" in reading_of_curves.describe(curve(1.0, 0.5, 0.52))


def test_a_loss_that_rises_at_the_very_end_is_said_to_rise_and_not_called_overfitting():
    epochs = curve(1.0, 0.5, 0.6, 0.9)
    assert overfitting_onset(epochs) is None
    text = reading_of_curves.describe(epochs)
    assert text.startswith("The validation loss is lowest after epoch 2 of 4 and rises from 0.500 to 0.900 after it.")


@pytest.mark.parametrize(
    ("train", "validation", "onset"),
    [
        ([3, 2, 1.0, 0.8, 0.6, 0.4], [3, 2, 1.5, 1.6, 1.7, 1.8], 3),
        ([3, 2, 1.0, 1.1, 0.9, 0.6, 0.4], [3, 2, 1.5, 1.6, 1.7, 1.8, 1.9], 4),  # starts once training stays better
        ([3, 2, 1.0, 0.8, 0.6], [3, 2, 1.5, 1.6, 1.7], None),  # two epochs are noise
        ([3, 2, 1.0, 0.8, 0.6, 1.2], [3, 2, 1.5, 1.6, 1.7, 1.8], None),  # training got worse as well
        ([3, 2, 1], [3, 2, 1], None),
        ([3, 2], [3, 4], None),
    ],
)
def test_overfitting_starts_where_only_training_improves(train, validation, onset):
    losses = enumerate(zip(train, validation, strict=True))
    assert overfitting_onset([Epoch(i, t, 0.5, v, 0.5, 1e-3) for i, (t, v) in losses]) == onset
