"""Numbers that a graph reads give the bits of the same numbers written into it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipeline.model import losses
from pipeline.model.adjustable import Adjustable, set_layers


def network(rate: float, l2: float, policy: str) -> keras.Model:
    keras.utils.set_random_seed(1)
    inputs = keras.Input((6,))
    hidden = keras.layers.Dense(16, "relu", name="dense1", kernel_regularizer=keras.regularizers.L2(l2), dtype=policy)(
        inputs
    )
    dropped = keras.layers.Dropout(rate, seed=3, name="dropout1", dtype=policy)(hidden)
    return keras.Model(inputs, keras.layers.Dense(3, name="logits", dtype="float32")(dropped))


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize(("rate", "l2"), [(0.3, 1e-3), (0.1, 0.7), (0.9999, 1e-9)])
def test_steps_are_those_of_keras_layers(rate, l2, policy):
    images = tf.constant(np.random.default_rng(0).normal(size=(9, 6)).astype(np.float32))
    written, read = network(rate, l2, policy), network(0.5, 0.5, policy)
    adjustable = Adjustable(read)
    set_layers(read, {"dropout1": rate}, l2)
    adjustable.read()
    for _ in range(3):  # the stream of masks goes on
        found = []
        for model, of in ((written, written), (adjustable.model, read)):
            with tf.GradientTape() as tape:
                outputs = model(images, training=True)
                loss = tf.add_n([tf.reduce_sum(outputs), *model.losses])
            gradients = tape.gradient(loss, [v.value for v in of.trainable_variables])
            found.append([outputs, loss, *gradients])
        for one, other in zip(*found, strict=True):
            np.testing.assert_array_equal(one.numpy(), other.numpy())
    np.testing.assert_array_equal(written(images).numpy(), adjustable.model(images).numpy())


@pytest.mark.parametrize("classes", [1, 5])
@pytest.mark.parametrize("smoothing", [0.1, 1 / 3, 0.7])
def test_smoothing_is_a_tensor_or_a_number(classes, smoothing):
    random = np.random.default_rng(0)
    logits, labels = random.normal(size=(20, classes)).astype(np.float32), random.integers(0, max(2, classes), 20)
    numbers = losses.smoothed(smoothing, classes)
    tensors = tuple(tf.Variable(number) for number in numbers)
    graph = tf.function(losses.cross_entropy)
    expected = graph(tf.constant(labels), tf.constant(logits), numbers)
    assert float(graph(tf.constant(labels), tf.constant(logits), tensors)) == float(expected)
