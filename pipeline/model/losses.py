"""Cross-entropy and accuracy from logits: in the graph for training, exactly in float64 for reported figures."""

from typing import Any

import numpy as np
import tensorflow as tf

WEIGHTS = "weights"  # what images' own factors are called among all that goes with a batch


def smoothed(label_smoothing: float, outputs: int) -> tuple[float, float]:
    """The mass that stays with a label, and the one that every class gets, of a network with that many logits."""
    return 1 - label_smoothing, label_smoothing / max(2, outputs)


def cross_entropy(
    labels: Any,
    logits: Any,
    smoothing: tuple[Any, Any] | None = None,
    weights: Any = None,
    mixed: tuple[Any, Any, Any] | None = None,
) -> Any:
    """Mean cross-entropy in nats, float32 scalar, of int64 labels (B,) and float32 logits (B, K), or (B, 1) sigmoid.

    `smoothing` is what `smoothed` returns, as numbers or float32 scalars; None is no smoothing. `weights` float32 (B,)
    are factors of the images' losses; the mean is over images, as in Keras, not over weights. `mixed`: other labels
    int64 (B,), their `weights`, and the share float32 (B,) that `labels` have of an image, the others having the rest.
    """
    losses = _weighted(labels, logits, smoothing, weights)
    if mixed is None:
        return tf.reduce_mean(losses)
    others, other_weights, share = mixed
    rest = tf.reshape(_weighted(others, logits, smoothing, other_weights), [-1])
    return tf.reduce_mean(share * tf.reshape(losses, [-1]) + (1.0 - share) * rest)


def _weighted(labels: Any, logits: Any, smoothing: tuple[Any, Any] | None, weights: Any) -> Any:
    losses = _of_images(labels, logits, smoothing)
    return losses if weights is None else tf.reshape(losses, [-1]) * weights


def factors(labels: Any, of_classes: Any = None, of_images: Any = None) -> Any:
    """How much each image counts, float32 (B,): by its class, `of_classes` (K,), times its own, `of_images` (B,).

    None, if images count the same.
    """
    if of_classes is None:
        return of_images
    by_class = tf.gather(of_classes, labels)
    return by_class if of_images is None else by_class * of_images


def _of_images(labels: Any, logits: Any, smoothing: tuple[Any, Any] | None) -> Any:
    classes = logits.shape[-1]
    if smoothing is None and classes > 1:
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    hot = tf.one_hot(labels, classes) if classes > 1 else tf.cast(labels, tf.float32)[:, None]
    targets = hot if smoothing is None else hot * smoothing[0] + smoothing[1]
    of_logits = tf.nn.softmax_cross_entropy_with_logits if classes > 1 else tf.nn.sigmoid_cross_entropy_with_logits
    return of_logits(targets, logits)


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
