"""What the head of a trained network is given for stored images: the features that tell one kind of image from another.

Taken from the stored activations, of part of the images: a covariance needs some thousands, not all, and no image goes
through the frozen part of the network again.
"""

from typing import Any

import keras
import numpy as np

from pipeline.files import paths, records
from pipeline.model import features as stored
from pipeline.model import fit as fitting
from pipeline.model.assembly import Assembled

MOST_IMAGES = 4000


def layer(trained: Assembled) -> str:
    """The name of the head's first layer: what it is called with are the features."""
    return str(trained.head.layers[1].name)


def sampled(images: int, most: int = MOST_IMAGES) -> np.ndarray:
    """Rows int64 (N,), rising, from all over a split of so many `images`: all, or `most` of them."""
    return np.linspace(0, images - 1, min(most, images)).astype(int)


def of_split(split: str, trained: Assembled, most: int = MOST_IMAGES) -> tuple[np.ndarray, np.ndarray]:
    """Features float32 (N, D) and labels int64 (N,) of the `sampled` images of a split, none augmented.

    Raises DataError if activations are damaged.
    """
    index = stored.read_index([split])
    stored.verify(split, index)
    labels = records.read_npy(paths.labels(split), memory_map=False)
    rows = sampled(len(labels), most)
    files = {entry["layer"]: entry["file"] for entry in index["cuts"]}
    nearest = trained.cut.layer if trained.cut.layer in files else next(iter(files))
    file = files[nearest]
    activations = records.read_npy(paths.FEATURES / split / file if file else paths.images(split))[rows]
    return _advanced(trained, nearest, np.array(activations)), labels[rows]


def _advanced(trained: Assembled, below: str, activations: np.ndarray) -> np.ndarray:
    """From activations (N, …) at the layer `below` to features (N, D)."""
    features: Any = trained.full.get_layer(layer(trained)).input
    if activations.shape[1:] == tuple(features.shape[1:]):
        return activations.astype(np.float32)
    part = keras.Model(trained.network.at(below).tensor, features)
    return fitting.logits(part, activations).astype(np.float32)
