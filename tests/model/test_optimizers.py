"""Every optimizer takes the steps Keras' own takes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipeline.model import optimizers

KERAS = {
    "sgd": lambda rate: keras.optimizers.SGD(rate),
    "momentum": lambda rate: keras.optimizers.SGD(rate, momentum=0.9),
    "rmsprop": lambda rate: keras.optimizers.RMSprop(rate),
    "adam": lambda rate: keras.optimizers.Adam(rate),
    "adamw": lambda rate: keras.optimizers.AdamW(rate, weight_decay=0.1),
    "nadam": lambda rate: keras.optimizers.Nadam(rate),
}
RATES = [0.01, 0.01, 0.02, 0.005, 0.0, 0.03]


def start() -> list[np.ndarray]:
    random = np.random.default_rng(1)
    return [random.normal(size=shape).astype(np.float32) for shape in ((3, 4), (4,))]


def gradients(step: int) -> list[np.ndarray]:
    random = np.random.default_rng([2, step])
    return [random.normal(size=shape).astype(np.float32) * 10.0**-step for shape in ((3, 4), (4,))]


@pytest.mark.parametrize("name", KERAS)
def test_several_steps_at_changing_rates_equal_keras(name):
    mine = [tf.Variable(value) for value in start()]
    theirs = [keras.Variable(value) for value in start()]
    optimizer, reference = optimizers.create(name, mine, weight_decay=0.1), KERAS[name](0.01)
    for step, rate in enumerate(RATES):
        optimizer.apply([tf.constant(g) for g in gradients(step)], [tf.constant(rate, tf.float32)] * 2)
        reference.learning_rate = rate
        reference.apply([tf.constant(g) for g in gradients(step)], theirs)
        for found, expected in zip(mine, theirs, strict=True):
            np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", KERAS)
def test_the_state_is_all_that_is_remembered(name):
    def steps(optimizer: optimizers.Optimizer, numbers: range) -> None:
        for step in numbers:
            optimizer.apply([tf.constant(g) for g in gradients(step)], [tf.constant(0.01)] * 2)

    whole = [tf.Variable(value) for value in start()]
    steps(optimizers.create(name, whole, 0.1), range(4))

    first = [tf.Variable(value) for value in start()]
    before = optimizers.create(name, first, 0.1)
    steps(before, range(2))
    second = [tf.Variable(value) for value in first]
    after = optimizers.create(name, second, 0.1)
    for variable, value in zip(after.state, before.state, strict=True):
        variable.assign(value)
    steps(after, range(2, 4))
    for found, expected in zip(second, whole, strict=True):
        np.testing.assert_array_equal(found.numpy(), expected.numpy())


def test_only_adamw_decays_weights():
    def after_nothing(name: str) -> float:
        variable = tf.Variable([1.0])
        optimizers.create(name, [variable], weight_decay=0.5).apply([tf.zeros(1)], [tf.constant(0.1)])
        return float(variable.numpy()[0])

    assert after_nothing("adamw") == pytest.approx(0.95)
    assert all(after_nothing(name) == 1.0 for name in KERAS if name != "adamw")
