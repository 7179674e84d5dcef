"""Which images a split has, told by what they show: file names, formats, order and the names of classes say nothing.

Two splits have one digest if their images decode to the same pixels, each as often, and are divided into classes in the
same way. So images are known again whether they came from TensorFlow Datasets or as files in folders.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.files import paths, records

FILE = "images.json"


@dataclass(frozen=True)
class ImageSet:
    """`digest`: SHA-256, hexadecimal, of what `images` images show and how they are divided into classes."""

    images: int
    digest: str


def of_project(project: Path = Path()) -> dict[str, ImageSet]:
    """Split → its images, of those that are prepared in the `project`."""
    files = {split: (project / paths.ids(split), project / paths.labels(split)) for split in paths.SPLITS}
    return {split: _of_files(*found) for split, found in files.items() if all(path.exists() for path in found)}


def digest(pixels: Sequence[str], labels: np.ndarray) -> str:
    """Of N images: `pixels`, digests of what each shows; `labels`, int (N,), its class."""
    members: dict[int, list[str]] = defaultdict(list)
    for shown, label in zip(pixels, labels.tolist(), strict=True):
        members[label].append(shown)
    return _joined(_joined(shown) for shown in members.values())


def as_json(found: Mapping[str, ImageSet]) -> dict[str, Any]:
    return {split: {"digest": one.digest, "images": one.images} for split, one in found.items()}


def from_json(content: Mapping[str, Any]) -> dict[str, ImageSet]:
    """What `as_json` wrote. Raises ValueError of a number that counts no images."""
    if wrong := [one["images"] for one in content.values() if type(one["images"]) is not int or one["images"] < 1]:
        raise ValueError(f"found {wrong[0]!r} images; allowed: whole numbers, 1 or more")
    return {split: ImageSet(one["images"], str(one["digest"])) for split, one in content.items()}


def _of_files(ids: Path, labels: Path) -> ImageSet:
    shown = [row["sha256"] for row in records.read_csv(ids)]
    return ImageSet(len(shown), digest(shown, records.read_npy(labels)))


def _joined(digests: Any) -> str:
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()
