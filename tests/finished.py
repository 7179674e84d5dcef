"""What the stages before evaluate leave, tiny: enough to evaluate, to make the page of, or to publish."""

from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.files import paths, records

from .undrawn import empty_picture

TRAINING = {
    "fingerprint": "f" * 64,
    "parameters": {"total": 1234, "trainable": 567},
    "kept_epoch": 2,
    "epochs": 2,
    "unfrozen_layers": 1,
    "cut": "pool_2",
    "images_digest": "ab" * 32,
    "features_digest": "cd" * 32,
    "code": "ef" * 32,
    "environment": {"tensorflow": "2.21.0", "instruction_set": "x86_64 avx2", "threads": "2", "precision": "float32"},
}


def write_preparation(classes: Sequence[str], images: Mapping[str, int], **of_data: object) -> None:
    """classes.json, training.json, dataset.json and samples.png; `of_data` replaces parts of dataset.json."""
    records.write_json(paths.CLASSES, list(classes))
    records.write_json(paths.TRAINING, {**TRAINING, "classes": list(classes)})
    splits = {split: _split(images.get(split, 5), classes) for split in paths.SPLITS}
    found = {"groups": [], "count": 0, "contradicting": 0, "leaking": 0, "dropped_images": 0}
    content = {"classes": list(classes), "splits": splits, "duplicates": found, "skipped": []}
    records.write_json(paths.DATASET, {**content, **of_data})
    empty_picture(paths.SAMPLES_PICTURE)


def _split(images: int, classes: Sequence[str]) -> dict[str, object]:
    counts = np.bincount(np.arange(images) % len(classes), minlength=len(classes)).tolist()
    return {
        "images": images,
        "images_per_class": dict(zip(classes, counts, strict=True)),
        "missing_classes": [name for name, count in zip(classes, counts, strict=True) if not count],
        "majority_share": max(counts) / images,
        "imbalance": max(counts) / max(1, min(counts)),
    }
