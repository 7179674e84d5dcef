"""Turns raw images into arrays of one size, one stream from the source to the disk: memory does not grow with N."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipeline.data import images, looks, parallel
from pipeline.data.corrections import DROP, Corrections
from pipeline.data.integrity import Item
from pipeline.data.pixels import Pixels, write_header
from pipeline.data.reading import Example
from pipeline.data.samples import Collector, Sample, sample
from pipeline.files import paths, records
from pipeline.process import progress
from pipeline.process.errors import DataError


@dataclass(frozen=True)
class Pool:
    """Images of one part of the source: pixels, what those in use are, and in which `rows`; None: in the first."""

    pixels: Pixels
    items: Sequence[Item]
    rows: Sequence[int] | None = None

    def placed(self) -> list[tuple[int, Item]]:
        """Each item with its row of `pixels`."""
        return list(zip(range(len(self.items)) if self.rows is None else self.rows, self.items, strict=True))


def fill(
    pixels: Pixels,
    split: str,
    source: Iterable[Example],
    classes: list[str],
    samples: Collector,
    with_looks: bool = False,
) -> list[Item]:
    """Decode `source`, at most N examples, resize them into `pixels`, (N, H, W, C), and say what each one is.

    Digests, and looks if they are wanted, are of the pixels before resizing. Every image is offered to `samples`.
    Raises DataError, naming the image, if one cannot be decoded or has no class among the K `classes`.
    """
    room = parallel.room()

    def prepare(example: Example) -> tuple[Item, np.ndarray, Sample | None]:
        _require_label(example, classes)
        try:
            with room.taken(working_bytes(example)):
                item, before, after = _prepared(example, split, pixels.shape[1:])
                look = looks.look(before) if with_looks else b""
                seen = sample(example.name, example.label, before, after) if samples.wants(example.label) else None
                return replace(item, look=look), after, seen
        except DataError as error:
            raise DataError(f"{paths.RAW}: {example.name}: {error}") from None

    items = []
    with progress.images(f"preparing {split}", pixels.shape[0]) as advance:
        for item, after, seen in parallel.ordered_map(prepare, source, size=_bytes):
            pixels.append(after)
            items.append(item)
            if seen:
                samples.offer(seen)
            advance(1)
    return items


def corrected(pool: Pool, found: Corrections, classes: Sequence[str]) -> Pool:
    """`pool` with the labels that are `found` for its images, by name, and without those to be dropped."""
    kept = [(row, item) for row, item in pool.placed() if found.get(item.name) != DROP]
    labelled = [replace(i, label=classes.index(found[i.name])) if i.name in found else i for _, i in kept]
    return Pool(pool.pixels, labelled, [row for row, _ in kept])


def _prepared(example: Example, split: str, shape: tuple[int, ...]) -> tuple[Item, np.ndarray, np.ndarray]:
    """What the image is, its pixels, and those resized to `shape` (H, W, C)."""
    height, width, channels = shape
    before = decoded(example, channels)
    after = images.resize(before, height, width)
    return Item(split, example.name, example.label, images.pixel_digest(before), example.group), before, after


def decoded(example: Example, channels: int) -> np.ndarray:
    """The pixels of an example as it is stored, encoded or not: uint8 (H, W, C). Raises DataError."""
    image = example.image
    return images.decode(image, channels) if isinstance(image, bytes) else images.convert(image, channels)


def working_bytes(example: Example) -> int:
    """The memory that `decoded` takes."""
    image = example.image
    return images.working_bytes(image) if isinstance(image, bytes) else 4 * image.nbytes


def _bytes(example: Example) -> int:
    image = example.image
    return len(image) if isinstance(image, bytes) else image.nbytes


def _require_label(example: Example, classes: list[str]) -> None:
    if not 0 <= example.label < len(classes):
        raise DataError(
            f"data.splits: {example.name} has the label {example.label}; allowed: 0 to {len(classes) - 1}."
            " Choose splits whose images are labelled"
        )


def write(split: str, pools: Sequence[Pool], without: set[str], weights: Mapping[str, float] | None = None) -> None:
    """Write one split's images.npy, labels.npy and ids.csv, leaving out the names in `without`.

    And weights.npy, if images have `weights`: by name, of those that do not count 1. Of test images all count the same.
    """
    rows = [
        (pool.pixels, row, item)
        for pool in pools
        for row, item in pool.placed()
        if item.split == split and item.name not in without
    ]
    _write_pixels([(pixels, row) for pixels, row, _ in rows], pools[0].pixels.shape[1:], paths.images(split))
    records.write_npy(paths.labels(split), np.array([item.label for *_, item in rows], dtype=np.int64))
    _write_weights(split, [item.name for *_, item in rows], weights)
    records.write_csv(paths.ids(split), ["name", "sha256"], [(item.name, item.sha256) for *_, item in rows])


def _write_weights(split: str, names: Sequence[str], weights: Mapping[str, float] | None) -> None:
    if not weights or split == "test":
        paths.weights(split).unlink(missing_ok=True)  # of a source that had some
        return
    found = np.array([weights.get(name, 1.0) for name in names], np.float32)
    records.write_npy(paths.weights(split), found)


def _write_pixels(rows: Sequence[tuple[Pixels, int]], shape: tuple[int, ...], path: Path) -> None:
    """Of a whole pool its own file; of others the rows."""
    if rows and all(pixels is rows[0][0] for pixels, _ in rows) and len(rows) == rows[0][0].shape[0]:
        rows[0][0].become(path)
        return
    with records.atomic(path) as temporary, temporary.open("wb") as file:
        write_header(file, (len(rows), *shape))
        for pixels, row in rows:
            file.write(pixels.row(row))


def write_splits(pools: Sequence[Pool], classes: Sequence[str], without: set[str]) -> None:
    """Write the table of splits: every image that was read, its class, its group, and its split, if it has one."""
    rows = (
        (item.name, classes[item.label], item.group, "" if item.name in without else item.split)
        for pool in pools
        for item in pool.items
    )
    records.write_csv(paths.SPLIT_TABLE, ["name", "class", "group", "split"], rows)
