"""Cross-entropy and accuracy from logits: in the graph for training, exactly in float64 for reported figures."""

from typing import Any

import numpy as np
import tensorflow as tf


def cross_entropy(labels: Any, logits: Any, label_smoothing: float) -> Any:
    """Mean cross-entropy in nats, float32 scalar, of int64 labels (B,) and float32 logits (B, K), or (B, 1) sigmoid."""
    classes = logits.shape[-1]
    if classes == 1:
        targets = tf.cast(labels, tf.float32)[:, None] * (1 - label_smoothing) + 0.5 * label_smoothing
        losses = tf.nn.sigmoid_cross_entropy_with_logits(targets, logits)
    elif label_smoothing:
        targets = tf.one_hot(labels, classes) * (1 - label_smoothing) + label_smoothing / classes
        losses = tf.nn.softmax_cross_entropy_with_logits(targets, logits)
    else:
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    return tf.reduce_mean(losses)


def correct(labels: Any, logits: Any) -> Any:
    """How many of (B,) labels the (B, K) or (B, 1) logits get right, int64 scalar."""
    predicted = tf.cast(logits[:, 0] > 0, tf.int64) if logits.shape[-1] == 1 else tf.argmax(logits, axis=-1)
    return tf.reduce_sum(tf.cast(predicted == labels, tf.int64))


def log_probabilities(logits: np.ndarray) -> np.ndarray:
    """Natural logarithms of the class probabilities, float64 (N, K), from logits (N, K), or (N, 1) for a sigmoid."""
    wide = logits.astype(np.float64)
    if wide.shape[1] == 1:
        wide = np.concatenate([np.zeros_like(wide), wide], axis=1)  # a sigmoid is a softmax over (0, logit)
    shifted = wide - wide.max(axis=1, keepdims=True)
    normalized: np.ndarray = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return normalized


def score(logits: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Mean cross-entropy in nats, and accuracy 0–1, of logits (N, K) or (N, 1) against int64 labels (N,)."""
    logs = log_probabilities(logits)
    picked = logs[np.arange(len(labels)), labels]
    return float(-picked.mean()), float((logs.argmax(axis=1) == labels).mean())
