"""The images that backbones are probed with: stored ones of training and validation, all classes in proportion."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.files import paths, records
from pipeline.identity import certificate, fingerprint
from pipeline.model import division, linear_probe
from pipeline.model.probing import Sample
from pipeline.model.selection import labels_of
from pipeline.process.errors import DataError

if TYPE_CHECKING:
    from pipeline.params.images_section import Images
    from pipeline.params.schema import Params

SPLITS = fingerprint.SPLITS


def of_project(params: Params, images: int, folds: int, pixels: Callable[[np.ndarray, Images], np.ndarray]) -> Sample:
    """At most so many `images`, in so many `folds`.

    `pixels` gives those at places int64 (n,) of SPLITS, one split after the other, uint8 (n, H, W, C), as a section
    images says. Raises DataError if there are none here, or not those of dvc.lock.
    """
    _require_stored()
    labels = labels_of(Path())
    chosen = linear_probe.spread(labels, images)
    divided = division.of_project(folds, 1, params.train.seed)
    parts = [tuple(np.flatnonzero(np.isin(chosen, p)) for p in (fold.trained, fold.held_out)) for fold in divided]
    counts = {split: of["images"] for split, of in records.read_json(paths.DATASET)["splits"].items()}
    views = params.images.augmentation.views * counts["train"]
    return Sample(
        pixels=lambda section: pixels(chosen, section),
        labels=labels[chosen],
        folds=[(fitted, left) for fitted, left in parts if len(fitted) and len(left)],
        classes=len(records.read_json(paths.CLASSES)),
        whole=sum(int(count) for count in counts.values()) + views,
        trained=counts["train"],
    )


def _require_stored() -> None:
    needed = [paths.CLASSES, paths.DATASET]
    needed += [file(split) for split in SPLITS for file in (paths.images, paths.labels, paths.ids)]
    if absent := next((path for path in needed if not path.exists()), None):
        raise DataError(f"{absent}: not found; there are no images here yet: run `dvc repro preprocess`")
    certificate.require(needed)
