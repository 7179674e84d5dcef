"""A quick look at a backbone: what a linear probe on its frozen features reaches, and what using it would cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from pipeline.model import backbones, chunks, fit, heads, linear_probe
from pipeline.model.compiled import compiled
from pipeline.model.fit import Examples, Phase

if TYPE_CHECKING:
    from pipeline.model.candidates import Candidate
    from pipeline.model.cuts import Network
    from pipeline.params.images_section import Images
    from pipeline.params.schema import Params

_TINY_RATE = 1e-8  # of the epochs that are timed: nothing diverges


@dataclass(frozen=True)
class Sample:
    """Images to probe with, n of the data set's for training and validation.

    `pixels` gives them, uint8 (n, H, W, C), prepared for a section images; `labels` int64 (n,) of K = `classes`;
    `folds`: places to fit to and places held out, which together are all. `whole`: rows of the data set that are
    extracted, views among them, of which `trained` are seen in an epoch.
    """

    pixels: Callable[[Images], np.ndarray]
    labels: np.ndarray
    folds: Sequence[tuple[np.ndarray, np.ndarray]]
    classes: int
    whole: int
    trained: int


@dataclass(frozen=True)
class Probed:
    """`right`: bool (n,), whether each image was classified correctly when it was held out.

    Of the whole data set: `bytes_stored` and `seconds_extracting`; `seconds_a_trial`: of the head in params.yaml on the
    frozen features, all its epochs.
    """

    candidate: Candidate
    right: np.ndarray
    images_a_second: float
    bytes_stored: int
    seconds_extracting: float
    seconds_a_trial: float


def probe(candidate: Candidate, sample: Sample) -> Probed:
    """Run the backbone once over the sample's images. Raises ConfigError if it cannot be had or cannot take them."""
    params = candidate.params
    network = backbones.build(params.backbone, params.images)
    network.freeze_below(0)
    features, seconds = _features(network, params, sample.pixels(params.images))
    rate = len(features) / seconds
    return Probed(
        candidate=candidate,
        right=held_out(features.astype(np.float64), sample),
        images_a_second=rate,
        bytes_stored=sample.whole * features.shape[1] * np.dtype(params.compute.storage).itemsize,
        seconds_extracting=sample.whole / rate,
        seconds_a_trial=_seconds_a_trial(features, sample, params),
    )


def held_out(features: np.ndarray, sample: Sample) -> np.ndarray:
    """Whether each image is classified correctly, bool (n,), by a linear probe fitted to the other folds' (n, D)."""
    right = np.zeros(len(features), bool)
    for fitted, left in sample.folds:
        found = linear_probe.fit(features[fitted], sample.labels[fitted]).predict(features[left])
        right[left] = found == sample.labels[left]
    return right


def _features(network: Network, params: Params, pixels: np.ndarray) -> tuple[np.ndarray, float]:
    """The pooled output, float32 (n, D), and the seconds that took without the first call, which traces."""
    cut = network.output
    pooled = heads.activations(cut, params.head.pooling)
    model = keras.Model(network.input.tensor, pooled)
    run = compiled(lambda images: tf.cast(model(images, training=False), tf.float32))
    size = chunks.images_at_once(network.nodes)
    run(tf.constant(pixels[:size]))
    started = time.perf_counter()
    parts = [run(tf.constant(pixels[start : start + size])).numpy() for start in range(0, len(pixels), size)]
    return np.concatenate(parts), time.perf_counter() - started


def _seconds_a_trial(features: np.ndarray, sample: Sample, params: Params) -> float:
    """Two epochs of the head on the sample, the second of which takes no time to trace, and what follows for all."""
    inputs = keras.Input(features.shape[1:])
    logits = heads.classify(inputs, params.head, sample.classes, params.train.l2, params.train.seed)
    fitted, left = sample.folds[0]
    ended: list[float] = [time.perf_counter()]
    fit.fit(
        keras.Model(inputs, logits),
        Examples(features[fitted], sample.labels[fitted]),
        Examples(features[left], sample.labels[left]),
        params.train,
        Phase(2, _TINY_RATE, "constant", None),
        lambda _: ended.append(time.perf_counter()),
    )
    begin, first, second = ended
    epochs: Any = params.train.epochs + params.train.warmup_epochs
    tracing = max(0.0, (first - begin) - (second - first))
    return float(tracing + epochs * (second - first) * sample.trained / len(fitted))
