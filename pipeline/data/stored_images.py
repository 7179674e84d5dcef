"""Images that preprocess has stored, in another size or with other channels: of a few, without preparing all anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pipeline.data import images
from pipeline.files import paths, records

if TYPE_CHECKING:
    from pipeline.params.images_section import Images


def resized(splits: Sequence[str], places: np.ndarray, section: Images) -> np.ndarray:
    """Those at `places` int64 (n,) of `splits`, one split after the other, uint8 (n, H, W, C) as `section` says."""
    stored = [records.read_npy(paths.images(split)) for split in splits]
    begins = np.cumsum([0, *map(len, stored)])
    of = np.searchsorted(begins, places, side="right") - 1
    chosen = (stored[split][place - begins[split]] for split, place in zip(of, places, strict=True))
    converted = (images.convert(np.asarray(image), section.channels) for image in chosen)
    wanted = (section.height, section.width)
    return np.stack([image if image.shape[:2] == wanted else images.resize(image, *wanted) for image in converted])
