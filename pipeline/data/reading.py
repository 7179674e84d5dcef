"""Reads the TFDS directory below data/raw: which images a split string means, and those images in a fixed order."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from pipeline.data import array_records, raw, slices, tf_records
from pipeline.process.errors import DataError, in_one_line


@dataclass(frozen=True)
class Example:
    """One image as stored: encoded bytes, or uint8 pixels (H, W) or (H, W, C) of data sets that store pixels.

    `name` is the source's name of it, else TFDS's id; unique within the data set either way. `group`: the source's own,
    if it has groups.
    """

    name: str
    label: int
    image: bytes | np.ndarray
    group: str = ""


def open_raw(folder: Path, name: str) -> Any:
    """The TFDS builder of data set `name` below `folder`. Raises DataError if it is not there, or there twice."""
    found = sorted((folder / name).rglob("dataset_info.json"))
    if len(found) != 1:
        raise DataError(f"{folder / name}: found {len(found)} data sets, 1 is needed: run the stage fetch (again)")
    try:
        return tfds.builder_from_directory(found[0].parent)
    except Exception as error:  # what TFDS raises for notes that are damaged or another version's
        raise DataError(
            f"{found[0].parent}: {type(error).__name__}: {in_one_line(error)}: run the stage fetch again"
        ) from error


def image_and_label(info: Any) -> tuple[str, str]:
    """The names of the image feature and of the class feature. Raises DataError if the data set is not of that kind."""
    image, label = info.supervised_keys if info.supervised_keys else ("image", "label")
    features = info.features
    named = isinstance(image, str) and isinstance(label, str) and {image, label} <= set(features)
    if named and _holds_pixels(features[image]) and isinstance(features[label], tfds.features.ClassLabel):
        return image, label
    raise DataError(
        f"data.name: {info.name} has the features {', '.join(sorted(features))};"
        " allowed: a data set for image classification, with one image and one class label"
    )


def _holds_pixels(feature: Any) -> bool:
    if isinstance(feature, tfds.features.Image):
        return feature.np_dtype in (np.uint8, np.uint16)
    array = isinstance(feature, tfds.features.Tensor) and feature.np_dtype == np.uint8
    return array and len(feature.shape) in (2, 3)


def classes(info: Any) -> list[str]:
    """The K class names, in the order of their indices."""
    return list(info.features[image_and_label(info)[1]].names)


def check_slices(info: Any, wanted: Mapping[str, str]) -> None:
    """Raise DataError if a split string names an unknown split, means no image or one twice, or shares one with
    another."""
    shards = {split: _shards(info, split, text) for split, text in wanted.items()}
    for split, stretches in shards.items():
        if twice := sum(int(_overlap(x, y)) for x, y in combinations(stretches, 2)):
            raise DataError(
                f"data.splits: {split} ({wanted[split]}) names {twice} images twice; allowed: an image once only"
            )
    for (a, first), (b, second) in combinations(shards.items(), 2):
        shared = sum(int(_overlap(x, y)) for x in first for y in second)
        if shared:
            raise DataError(
                f"data.splits: {a} ({wanted[a]}) and {b} ({wanted[b]}) share {shared} images;"
                " allowed: an image in one split only"
            )


def count(info: Any, text: str, limit: int | None) -> int:
    """How many images split string `text` means, at most `limit`."""
    images: int = info.splits[text].num_examples
    return images if limit is None else min(images, limit)


def examples(builder: Any, text: str, limit: int | None) -> Iterator[Example]:
    """The first `limit` images of split string `text`, in the order they are stored. Raises DataError if damaged."""
    image, label = image_and_label(builder.info)
    wanted = [image, label, *(key for key in ("name", raw.GROUP) if key in builder.info.features)]
    stored = array_records if builder.info.file_format.value == "array_record" else tf_records
    undecoded = [image] if isinstance(builder.info.features[image], tfds.features.Image) else []
    for identity, row in stored.rows(builder, text, count(builder.info, text, limit), wanted, undecoded):
        name, group = row.get("name", identity), row.get(raw.GROUP, b"")
        yield Example(name.decode(), int(row[label]), row[image], group.decode())


def _shards(info: Any, split: str, text: str) -> list[Any]:
    """The stretches of stored images that split string `text` means."""
    unknown = [name for name in slices.names(text) if name not in info.splits]
    if unknown:
        raise DataError(
            f"data.splits.{split}: found {text}, and {info.name} has no split {unknown[0]};"
            f" allowed: {', '.join(f'{name} ({part.num_examples} images)' for name, part in info.splits.items())},"
            " or slices of these, as in train[:80%] and train[80%:]"
        )
    try:
        stretches: list[Any] = info.splits[text].file_instructions
    except Exception as error:  # TFDS has no class of its own for what it does not read
        raise DataError(f"data.splits.{split}: found {text}; {in_one_line(error)}") from error
    if not any(stretch.take for stretch in stretches) or any(stretch.take < 0 for stretch in stretches):
        raise DataError(f"data.splits.{split}: {text} means no image; allowed: a slice with at least one")
    return stretches


def _overlap(a: Any, b: Any) -> int:
    first, last = max(a.skip, b.skip), min(a.skip + a.take, b.skip + b.take)
    return int(max(0, last - first)) if a.filename == b.filename else 0
