"""Training on mixtures of images and on noisy ones: drawn for an epoch, done in the graph.

What is mixed is the input of the trained part: images, or, above a frozen part, activations (manifold mixup, Verma et
al. 2019, at a layer that does not change).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from pipeline.identity import seeds
from pipeline.model import boxes
from pipeline.process.errors import CombinationError

if TYPE_CHECKING:
    from pipeline.params.train_section import Train

PLACES = 3  # axes of an input that is a picture or a map of features: H, W, C


def check(settings: Train, shape: tuple[int, ...]) -> None:
    """Raise CombinationError if cutmix would have no places to cut from inputs of that shape, without N."""
    if settings.cutmix and len(shape) != PLACES:
        raise CombinationError(
            f"train.cutmix: found {settings.cutmix:g}, and what is trained begins at {'×'.join(map(str, shape))}"
            " numbers an image, which have no height and width to cut from; allowed: 0 (and train.mixup, which mixes"
            " such numbers), or what begins lower, by a larger train.unfrozen_layers or"
            " images.augmentation.on_the_fly: true"
        )


def drawn(settings: Train, epoch: int, images: int, shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    """How the images (N of them) of an epoch are changed, in its order; each array has N rows, none if nothing is.

    `partner` int32: the place within its batch of the image that it is mixed with. `share` float32: how much of its own
    label is left. `blend` float32: how much of its own pixels, outside of `box` int32 (top, bottom, left, right), where
    it has none. `noise` int32: seeds, of which the first one of a batch counts. `shape` is an input's, without N;
    without places there is no cutmix.

    mixup: Zhang et al. 2018; cutmix: Yun et al. 2019. If both are asked for, each image has either with chance 1/2.
    """
    arrays = {}
    cutmix = settings.cutmix if len(shape) == PLACES else 0.0
    if settings.mixup or cutmix:
        arrays = _mixtures(settings.seed, epoch, images, settings.mixup, cutmix, shape)
        arrays["partner"] = _partners(settings.seed, epoch, images, settings.batch_size)
    if settings.feature_noise:
        arrays["noise"] = _stream(settings.seed, "feature noise", epoch).integers(seeds.WHOLE, size=images)
    return {name: array.astype("float32" if name in ("share", "blend") else "int32") for name, array in arrays.items()}


def _mixtures(
    seed: int, epoch: int, images: int, mixup: float, cutmix: float, shape: tuple[int, ...]
) -> dict[str, np.ndarray]:
    nothing = np.zeros((images, 4))
    if not cutmix:
        share = _stream(seed, "mixup", epoch).beta(mixup, mixup, images)
        return {"share": share, "blend": share, "box": nothing}
    box = _boxes(_stream(seed, "cutmix", epoch), cutmix, images, *shape[:2])
    height, width = box[:, 1] - box[:, 0], box[:, 3] - box[:, 2]
    cut = {"share": 1 - height * width / (shape[0] * shape[1]), "blend": np.ones(images), "box": box}
    if not mixup:
        return cut
    blended = _mixtures(seed, epoch, images, mixup, 0.0, shape)
    chosen = _stream(seed, "mixup or cutmix", epoch).random(images) < 0.5
    return {
        name: np.where(chosen if each.ndim == 1 else chosen[:, None], each, cut[name]) for name, each in blended.items()
    }


def _boxes(random: np.random.Generator, alpha: float, images: int, height: int, width: int) -> np.ndarray:
    """Boxes of a beta-distributed area about a random centre, as far as they lie within the picture: int (N, 4)."""
    side = np.sqrt(1 - random.beta(alpha, alpha, images))
    edges = []
    for length in (height, width):
        half = (length * side).astype(int) // 2
        centre = random.integers(length, size=images)
        edges += [np.maximum(centre - half, 0), np.minimum(centre + half, length)]
    return np.stack(edges, axis=1)


def _partners(seed: int, epoch: int, images: int, batch: int) -> np.ndarray:
    random = _stream(seed, "partners", epoch)
    return np.concatenate([random.permutation(min(batch, images - start)) for start in range(0, images, batch)])


def _stream(seed: int, purpose: str, epoch: int) -> np.random.Generator:
    return seeds.generator(seed, purpose, epoch)


def spread(inputs: Any, images: int, at_once: int = 1024) -> np.ndarray:
    """The standard deviation of each feature, or channel, over the first so many rows of inputs, float32 (C,)."""
    sums: Any = 0.0
    squares: Any = 0.0
    count = 0
    for start in range(0, images, at_once):
        rows = np.asarray(inputs[start : min(start + at_once, images)], np.float64)
        rows = rows.reshape(-1, rows.shape[-1])
        sums, squares, count = sums + rows.sum(axis=0), squares + np.square(rows).sum(axis=0), count + len(rows)
    deviation: np.ndarray = np.sqrt(np.maximum(squares / count - np.square(sums / count), 0)).astype(np.float32)
    return deviation


def changed(rows: Any, batch: Mapping[str, Any], noise: Any) -> Any:
    """A batch's rows (B, …) with noise, then mixed, in their own type; `noise` is its deviation, float32 (C,).

    `batch` has those rows of what was `drawn`. uint8 stays within its range, rounded.
    """
    if not {"noise", "partner"} & batch.keys():
        return rows
    changing = tf.cast(rows, tf.float32)
    if "noise" in batch:
        seed = tf.stack([batch["noise"][0], 0])
        changing += noise * tf.random.stateless_normal(tf.shape(rows), seed, alg="philox")
    if "partner" in batch:
        own = _own(batch, rows.shape)
        changing = own * changing + (1.0 - own) * partners(changing, batch)
    if rows.dtype == tf.uint8:
        changing = tf.round(tf.clip_by_value(changing, 0.0, 255.0))
    return tf.cast(changing, rows.dtype)


def of_labels(labels: Any, batch: Mapping[str, Any]) -> tuple[Any, Any] | None:
    """The labels (B,) that a batch's images are mixed with, and the share of their own; None if they are not mixed."""
    return (partners(labels, batch), batch["share"]) if "partner" in batch else None


def partners(values: Any, batch: Mapping[str, Any]) -> Any:
    """Of each image's partner, what `values` (B, …) has of it."""
    return tf.gather(values, batch["partner"])


def larger(labels: Any, batch: Mapping[str, Any]) -> Any:
    """Of each image's labels the one with the larger share, (B,)."""
    mixed = of_labels(labels, batch)
    return labels if mixed is None else tf.where(mixed[1] < 0.5, mixed[0], labels)


def _own(batch: Mapping[str, Any], shape: Any) -> Any:
    """How much of each value is the image's own: (B, 1, …), or (B, H, W, 1)."""
    blend = tf.reshape(batch["blend"], [-1] + [1] * (len(shape) - 1))
    if len(shape) != 1 + PLACES:
        return blend
    return tf.where(boxes.within(batch["box"], *shape[1:3])[..., None], 0.0, blend)
