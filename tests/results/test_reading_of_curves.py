"""A curve is read as a person would: where it is best, and whether it is worse from there on."""

from pipeline.results import reading_of_curves
from pipeline.results.history import Epoch


def curve(*validation_losses: float) -> list[Epoch]:
    trained = [Epoch(n, 1 / n, 1 - 0.1 / n, loss, 0.75, 1e-3) for n, loss in enumerate(validation_losses, 1)]
    return [Epoch(0, 2.0, 0.1, 2.0, 0.1, 0.0), *trained]


def test_a_loss_that_rises_markedly_is_overfitting():
    epochs = curve(1.0, 0.5, 0.6, 0.9)
    assert reading_of_curves.overfits_from(epochs) == 2
    text = reading_of_curves.describe(epochs)
    assert text.startswith("It overfits from epoch 2 of 4 on: the validation loss rises from 0.500 to 0.900")
    assert "97.5 % of the training images right and 75.0 % of the validation images" in text
    assert round(reading_of_curves.gap(epochs), 3) == 0.225


def test_a_loss_that_falls_to_the_end_would_learn_on():
    assert reading_of_curves.overfits_from(curve(1.0, 0.5, 0.4)) is None
    assert "lowest after the last of 3 epochs: it would learn on" in reading_of_curves.describe(curve(1.0, 0.5, 0.4))


def test_a_loss_that_levels_off_does_neither():
    assert reading_of_curves.overfits_from(curve(1.0, 0.5, 0.52)) is None
    assert "after epoch 2 of 3 and hardly rises" in reading_of_curves.describe(curve(1.0, 0.5, 0.52))
