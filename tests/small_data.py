"""Stored images as the preprocess stage leaves them, small enough to train on in a second."""

import hashlib

import numpy as np

from pipeline.files import features_index, paths, records

CLASSES = ["dark", "grey", "bright"]
COUNTS = {"train": 37, "validation": 18, "test": 11}


def write_images(
    counts: dict[str, int] = COUNTS, height: int = 16, width: int = 16, channels: int = 1, classes: int = 3
) -> None:
    """Write data/images below the working directory: noise whose brightness tells the class."""
    for split, number in counts.items():
        random = np.random.default_rng([len(split), number])
        labels = np.arange(number) % classes
        noise = random.integers(0, 100, (number, height, width, channels))
        images = (noise + 60 * labels[:, None, None, None]).clip(0, 255).astype(np.uint8)
        records.write_npy(paths.images(split), images)
        records.write_npy(paths.labels(split), labels)
        rows = [(f"{split}-{i}.png", hashlib.sha256(image.tobytes()).hexdigest()) for i, image in enumerate(images)]
        records.write_csv(paths.ids(split), ["name", "sha256"], rows)
    records.write_json(paths.CLASSES, (CLASSES * classes)[:classes] if classes <= 3 else list(map(str, range(classes))))


def write_index(**digests: dict[str, str]) -> None:
    """What extract-features says of activations that nobody will read; `digests` of the files of some splits."""
    of_splits = {split: digests.get(split, {}) for split in paths.SPLITS}
    features_index.write({"digests": of_splits, "images": dict.fromkeys(of_splits, 1), "sources": of_splits})
