"""A curve is read as a person would: where it is best, and whether it is worse from there on."""

from pipeline.plots.curves import overfitting_onset
from pipeline.results import reading_of_curves
from pipeline.results.history import Epoch


def curve(*validation_losses: float) -> list[Epoch]:
    trained = [Epoch(n, 1 / n, 1 - 0.1 / n, loss, 0.75, 1e-3) for n, loss in enumerate(validation_losses, 1)]
    return [Epoch(0, 2.0, 0.1, 2.0, 0.1, 0.0), *trained]


def test_a_loss_that_rises_markedly_is_overfitting():
    epochs = curve(1.0, 0.5, 0.6, 0.7, 0.9)
    assert overfitting_onset(epochs) == 3
    text = reading_of_curves.describe(epochs, 3)
    assert text.startswith("It overfits from epoch 3 of 5 on: the validation loss rises from 0.500 to 0.900")
    assert "98.0 % of the training images right and 75.0 % of the validation images" in text
    assert round(reading_of_curves.gap(epochs), 3) == 0.23


def test_a_loss_that_falls_to_the_end_would_learn_on():
    assert overfitting_onset(curve(1.0, 0.5, 0.4)) is None
    text = reading_of_curves.describe(curve(1.0, 0.5, 0.4), None)
    assert "lowest after the last of 3 epochs: it would learn on" in text


def test_a_loss_that_levels_off_does_neither():
    assert overfitting_onset(curve(1.0, 0.5, 0.52)) is None
    assert "after epoch 2 of 3 and hardly rises" in reading_of_curves.describe(curve(1.0, 0.5, 0.52), None)


def test_a_loss_that_rises_at_the_very_end_is_said_to_rise_and_not_called_overfitting():
    epochs = curve(1.0, 0.5, 0.6, 0.9)
    assert overfitting_onset(epochs) is None
    text = reading_of_curves.describe(epochs, None)
    assert text.startswith("The validation loss is lowest after epoch 2 of 4 and rises from 0.500 to 0.900 after it.")
