"""Losses in the graph and in float64, against Keras and scikit-learn."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics import accuracy_score, log_loss

from pipeline.model import losses

RANDOM = np.random.default_rng(0)
LOGITS = RANDOM.normal(0, 3, (20, 4)).astype(np.float32)
LABELS = RANDOM.integers(0, 4, 20)
ONE_LOGIT = RANDOM.normal(0, 3, (20, 1)).astype(np.float32)
TWO_CLASSES = RANDOM.integers(0, 2, 20)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_cross_entropy_equals_keras(smoothing):
    reference = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
    found = losses.cross_entropy(
        tf.constant(LABELS), tf.constant(LOGITS), losses.smoothed(smoothing, 4) if smoothing else None
    )
    np.testing.assert_allclose(found, reference(np.eye(4)[LABELS], LOGITS), rtol=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_cross_entropy_of_one_logit_equals_keras(smoothing):
    reference = keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=smoothing)
    found = losses.cross_entropy(
        tf.constant(TWO_CLASSES), tf.constant(ONE_LOGIT), losses.smoothed(smoothing, 1) if smoothing else None
    )
    np.testing.assert_allclose(found, reference(TWO_CLASSES[:, None].astype(np.float32), ONE_LOGIT), rtol=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize(("logits", "labels"), [(LOGITS, LABELS), (ONE_LOGIT, TWO_CLASSES)])
def test_weights_are_factors_of_the_images_losses(logits, labels, smoothing):
    weights = np.array([0.5, 2.0, 1.0, 7.0], np.float32)
    smoothing = losses.smoothed(smoothing, logits.shape[1]) if smoothing else None
    of_images = [losses.cross_entropy(labels[i : i + 1], logits[i : i + 1], smoothing) for i in range(20)]
    found = losses.cross_entropy(tf.constant(labels), tf.constant(logits), smoothing, losses.factors(labels, weights))
    np.testing.assert_allclose(found, np.mean(weights[labels] * of_images), rtol=1e-6)
    own = np.linspace(0, 3, 20).astype(np.float32)
    found = losses.cross_entropy(labels, logits, smoothing, losses.factors(labels, weights, own))
    np.testing.assert_allclose(found, np.mean(weights[labels] * own * of_images), rtol=1e-6)
    np.testing.assert_array_equal(losses.factors(labels, None, own), own)
    assert losses.factors(labels) is None


@pytest.mark.parametrize(("logits", "labels", "classes"), [(LOGITS, LABELS, 4), (ONE_LOGIT, TWO_CLASSES, 2)])
def test_scores_equal_scikit_learn(logits, labels, classes):
    probabilities = np.exp(losses.log_probabilities(logits))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    loss, accuracy = losses.score(logits, labels)
    assert loss == pytest.approx(log_loss(labels, probabilities, labels=range(classes)))
    assert accuracy == accuracy_score(labels, probabilities.argmax(axis=1))
    assert int(losses.correct(tf.constant(labels), tf.constant(logits))) == round(accuracy * 20)


def test_extreme_logits_stay_finite():
    loss, accuracy = losses.score(np.array([[1e4, -1e4], [-1e4, 1e4]], np.float32), np.array([0, 0]))
    assert (loss, accuracy) == (1e4, 0.5)
