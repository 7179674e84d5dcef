"""Turns raw images into arrays of one size, one stream from the source to the disk: memory does not grow with N."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from pipeline.data import images
from pipeline.data.integrity import Item
from pipeline.data.parallel import ordered_map
from pipeline.data.reading import Example
from pipeline.data.samples import Collector
from pipeline.files import paths, records
from pipeline.process.errors import DataError


def scratch(images_count: int, height: int, width: int, channels: int) -> np.ndarray:
    """uint8 (N, H, W, C) in a nameless file beside the outputs: it goes with the process, however that ends.

    Raises OSError if the disk has not the space.
    """
    paths.IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=paths.IMAGES) as file:
        _reserve(file.fileno(), images_count * height * width * channels)
        return np.memmap(file, dtype=np.uint8, mode="w+", shape=(images_count, height, width, channels))


def _reserve(file: int, size: int) -> None:
    """Take the space on the disk now: a full one would end the process without a word when the map is written to."""
    if hasattr(os, "posix_fallocate"):  # not on macOS
        os.posix_fallocate(file, 0, size)


def fill(
    pixels: np.ndarray, split: str, source: Iterable[Example], classes: list[str], samples: Collector
) -> list[Item]:
    """Decode `source`, N examples, resize them into `pixels`, uint8 (N, H, W, C), and say what each one is.

    Digests are of the pixels before resizing. Every image is offered to `samples`. Raises DataError, naming the image,
    if one cannot be decoded or has no class among the K `classes`.
    """
    _, height, width, channels = pixels.shape

    def prepare(example: Example) -> tuple[Item, np.ndarray, np.ndarray]:
        _require_label(example, classes)
        before = _decoded(example, channels)
        item = Item(split, example.name, example.label, images.pixel_digest(before))
        return item, before, images.resize(before, height, width)

    items = []
    for i, (item, before, after) in enumerate(ordered_map(prepare, source)):
        pixels[i] = after
        samples.offer(item.name, item.label, before, after)
        items.append(item)
    return items


def _decoded(example: Example, channels: int) -> np.ndarray:
    try:
        if isinstance(example.image, bytes):
            return images.decode(example.image, channels)
        return images.convert(example.image, channels)
    except DataError as error:
        raise DataError(f"{paths.RAW}: {example.name}: {error}") from None


def _require_label(example: Example, classes: list[str]) -> None:
    if not 0 <= example.label < len(classes):
        raise DataError(
            f"data.splits: {example.name} has the label {example.label}; allowed: 0 to {len(classes) - 1}."
            " Choose splits whose images are labelled"
        )


def write(split: str, pixels: np.ndarray, items: list[Item], without: set[str]) -> None:
    """Write one split's images.npy, labels.npy and ids.csv, leaving out the names in `without`."""
    rows = [i for i, item in enumerate(items) if item.name not in without]
    _copy(pixels, rows, paths.images(split))
    records.write_npy(paths.labels(split), np.array([items[i].label for i in rows], dtype=np.int64))
    records.write_csv(paths.ids(split), ["name", "sha256"], [(items[i].name, items[i].sha256) for i in rows])


def _copy(pixels: np.ndarray, rows: list[int], path: Path) -> None:
    head = {"descr": "|u1", "fortran_order": False, "shape": (len(rows), *pixels.shape[1:])}
    with records.atomic(path) as temporary, temporary.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, head)
        for row in rows:
            file.write(pixels[row].tobytes())
