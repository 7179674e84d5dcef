"""The embedded data set: scikit-learn's scans of handwritten digits, here without any download.

1,797 images of 8 × 8 pixels, 10 classes: the test part of E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten
Digits, UCI Machine Learning Repository, 1998. Each value counts the inked pixels, 0 to 16, of a 4 × 4 field.
"""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.data import raw
from pipeline.process.compat import sklearn_internals

CLASSES = [str(digit) for digit in range(10)]


def write(folder: Path, name: str) -> None:
    """Write the scans below `folder` as data set `name`, one split `train`: PNG, grey, values 0–255 (255 = ink)."""
    raw.write(folder, name, CLASSES, {"train": _images()})


def _images() -> Iterator[raw.RawImage]:
    scans, labels = sklearn_internals.digits()
    pixels = np.round(scans.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    for i, (image, label) in enumerate(zip(pixels, labels, strict=True)):
        # Of the pixels, not of the PNG, which changes with the compressor's version. No two scans are equal.
        key = raw.content_key(hashlib.sha256(image.tobytes()).hexdigest(), 0)
        yield raw.RawImage(key, _png(image), int(label), f"digit-{i:04d}")


def _png(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()
