"""The average of the weights is TensorFlow's, and is what is evaluated, kept and gone on with."""

import numpy as np
import pytest
import tensorflow as tf

from pipeline.model import fit
from pipeline.model.averaging import Average
from pipeline.results import history

from .test_fit import examples, model, phase, settings
from .test_resume import KilledError, kill_after, training


@pytest.mark.parametrize("decay", [0.05, 0.5, 0.99])
def test_it_is_that_of_tensorflow(decay):
    network, steps = model(batch_norm=True), tf.Variable(0.0)
    average = Average(network, tf.constant(decay))
    variables = [tf.Variable(weight.value) for weight in network.weights]
    reference = tf.train.ExponentialMovingAverage(decay, num_updates=steps)
    reference.apply(variables)
    for step in range(1, 30):
        steps.assign(step)
        for weight, variable in zip(network.weights, variables, strict=True):
            weight.assign(np.random.default_rng([step, *weight.shape]).normal(size=weight.shape))
            variable.assign(weight.value)
        average.follow()
        reference.apply(variables)
    average.settle()
    assert {"moving_mean", "moving_variance", "kernel"} < {weight.name for weight in network.weights}
    for weight, variable in zip(network.weights, variables, strict=True):
        np.testing.assert_allclose(weight.numpy(), reference.average(variable).numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("patience", [None, 2])
def test_the_kept_network_is_the_evaluated_average(patience):
    network, train = model(), settings(ema=0.9, learning_rate=0.5, optimizer="adam", epochs=6)
    epochs = fit.fit(network, examples(), examples(9), train, phase(train, patience=patience))
    kept = history.best(epochs) if patience else epochs[-1]
    assert fit.evaluate(network, examples(9)) == (kept.validation_loss, kept.validation_accuracy)


def test_training_itself_does_not_see_it():
    plain, averaged = (
        fit.fit(model(dropout=0.3), examples(), examples(9), train, phase(train))
        for train in (settings(ema=ema, optimizer="adam") for ema in (0.0, 0.9))
    )
    assert [epoch.train_loss for epoch in plain] == [epoch.train_loss for epoch in averaged]
    assert all(a.validation_loss != b.validation_loss for a, b in zip(plain, averaged, strict=True))


@pytest.mark.parametrize("patience", [None, 1])
def test_resumed_equals_undisturbed(tmp_path, patience):
    run = training(settings(optimizer="adam", epochs=4, learning_rate=0.1, ema=0.8, clip_norm=0.5), patience)
    undisturbed = run(lambda _: None, None)
    with pytest.raises(KilledError):
        run(kill_after(2), tmp_path / "c.npz")
    assert run(lambda _: None, tmp_path / "c.npz") == undisturbed
    assert run(lambda _: None, tmp_path / "c.npz") == undisturbed  # finished, and not trained again
