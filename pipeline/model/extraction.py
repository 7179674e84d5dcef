"""Runs the frozen part once over all images and stores its activations at the cuts.

Chunks are appended to plain files outside the stage's outputs, so memory does not grow with the number of images, and
a killed extraction goes on where it stopped, ending with the same bytes.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from pipeline.files import paths, records
from pipeline.model import augmentation, backbones, heads, reuse
from pipeline.model.compiled import compiled
from pipeline.model.cuts import Cut, Network, stored
from pipeline.model.rows import Rows
from pipeline.process import progress, verbosity
from pipeline.process.errors import MachineError

if TYPE_CHECKING:
    from pipeline.params.schema import Params

UNFINISHED = paths.STATE / "features"
CHUNK_IMAGES = 64
SPARE_BYTES = 1 << 30  # left free on the disk


@dataclass(frozen=True)
class Stored:
    """Activations kept of one cut: `file` is their name in each split's folder, None if they are the images."""

    layer: str
    shape: tuple[int, ...]
    file: str | None

    @property
    def row_values(self) -> int:
        return int(np.prod(self.shape))


def extract(params: Params) -> dict[str, Any]:
    """Store the activations of every split; returns the index (content of features.json), `digests` included.

    Reads the sections images and backbone, head.pooling and compute. Raises MachineError if the disk is too small.
    """
    network = backbones.build(params.backbone, params.images)
    network.freeze_below(0)
    cuts = stored(network, params.backbone, params.images.augmentation)
    entries = [describe(cut, params.head.pooling) for cut in cuts]
    kept = [(cut, entry) for cut, entry in zip(cuts, entries, strict=True) if entry.file]
    counts = {split: len(records.read_npy(paths.labels(split))) for split in paths.SPLITS}
    index = _index(params, network, entries, counts)
    keys = reuse.keys(index, params.compute)
    work = {split: UNFINISHED / key[:16] for split, key in keys.items()}
    check_disk(params, entries, counts, work.values())
    if kept:
        _say_brought(reuse.bring(keys, work))
        lower = _lower(network, [cut for cut, _ in kept], params)
        for split in paths.SPLITS:
            _extract_split(split, lower, [entry for _, entry in kept], params, work[split])
        reuse.note(keys, _finish(work, [str(entry.file) for _, entry in kept]))
    index["digests"] = {split: _digests(split, entries) for split in paths.SPLITS}
    return index


def _say_brought(splits: list[str]) -> None:
    if splits:
        verbosity.say(f"{', '.join(splits)}: nothing of it has changed; its activations come from DVC's cache")


def describe(cut: Cut, pooling: str) -> Stored:
    if cut.at_input:
        return Stored(cut.layer, cut.shape, None)
    shape = tuple(heads.activations(cut, pooling).shape[1:])
    return Stored(cut.layer, shape, "pooled.npy" if cut.at_output else f"{cut.layer}.npy")


def check_disk(params: Params, entries: list[Stored], counts: dict[str, int], work: Iterable[Path]) -> int:
    """Bytes the activations will take, without those an interrupted extraction has left in `work`.

    Raises MachineError, before any work, if the disk has not that much.
    """
    width = np.dtype(params.compute.storage).itemsize
    rows = sum(int(count) for count in counts.values()) + counts["train"] * params.images.augmentation.views
    needed = sum(int(entry.row_values * width * rows) for entry in entries if entry.file)
    needed = max(0, needed - sum(int(file.stat().st_size) for folder in work for file in folder.glob("*.npy")))
    free = shutil.disk_usage(Path.cwd()).free
    if needed + SPARE_BYTES > free:
        raise MachineError(
            f"activations of {rows} images at {', '.join(e.layer for e in entries)} need {needed / 1e9:.1f} GB, the"
            f" disk has {free / 1e9:.1f} GB free: lower backbone.max_unfrozen_layers or images.augmentation.views, or"
            " set compute.storage: float16"
        )
    return needed


def weights_digest(network: Network) -> str:
    """SHA-256 over all weights of the backbone, in the order of its layers."""
    return records.digest([records.array_digest(np.asarray(weight)) for weight in network.model.get_weights()])


def _random_views(params: Params) -> dict[str, Any] | None:
    if not augmentation.active(params.images.augmentation):
        return None
    said: dict[str, Any] = params.hashed(include={"images": {"augmentation"}})["images"]["augmentation"]
    return said


def _index(params: Params, network: Network, entries: list[Stored], counts: dict[str, int]) -> dict[str, Any]:
    return {
        "backbone": network.model.name,
        "weights": weights_digest(network),
        "scale": params.images.scale,
        "pooling": params.head.pooling,
        "augmentation": _random_views(params),
        "precision": params.compute.precision,
        "dtype": params.compute.storage,
        "cuts": [{"layer": e.layer, "shape": list(e.shape), "file": e.file} for e in entries],
        "images": counts,
        "sources": {split: records.file_digest(paths.images(split)) for split in paths.SPLITS},
    }


def _lower(network: Network, cuts: list[Cut], params: Params) -> Callable[[Any], list[Any]]:
    """A graph from uint8 images to the stored activations of all cuts, in the stored type."""
    outputs = [heads.activations(cut, params.head.pooling) for cut in cuts]
    model = keras.Model(network.input.tensor, outputs)
    dtype = tf.as_dtype(params.compute.storage)

    def run(images: Any) -> list[Any]:
        results = model(images, training=False)
        return [tf.cast(r, dtype) for r in (results if isinstance(results, list) else [results])]

    graph: Callable[[Any], list[Any]] = compiled(run)
    return graph


def _extract_split(
    split: str, lower: Callable[[Any], list[Any]], entries: list[Stored], params: Params, work: Path
) -> None:
    views = params.images.augmentation.views if split == "train" else 0
    rows = len(records.read_npy(paths.labels(split))) * (1 + views)
    files = [Rows(work / str(e.file), rows, e.shape, params.compute.storage) for e in entries]
    done = min(file.complete(CHUNK_IMAGES) for file in files)
    for file in files:
        file.truncate(done)
    with progress.images(f"extracting {split}", rows, done) as advance:
        for images in _chunks(split, params, views, done):
            for file, activations in zip(files, lower(tf.constant(images)), strict=True):
                file.append(activations.numpy())
            advance(len(images))


def _finish(work: Mapping[str, Path], names: list[str]) -> dict[str, list[Path]]:
    """Move all splits into place, last of all: what is there already is emptied when the stage starts again."""
    for split in paths.SPLITS:
        for name in names:
            with (work[split] / name).open("rb+") as file:
                os.fsync(file.fileno())
            (paths.FEATURES / split).mkdir(parents=True, exist_ok=True)
            shutil.move(work[split] / name, paths.FEATURES / split / name)
    shutil.rmtree(UNFINISHED)  # with what extractions given up on have left
    return {split: [paths.FEATURES / split / name for name in names] for split in paths.SPLITS}


def _chunks(split: str, params: Params, views: int, start: int) -> Iterator[np.ndarray]:
    """uint8 (≤ CHUNK_IMAGES, H, W, C) from row `start` on: the images, then their views, view by view."""
    identities = image_identities(split) if views else []
    total = len(records.read_npy(paths.labels(split)))
    for first in range(start, total * (1 + views), CHUNK_IMAGES):
        chosen = range(first, min(first + CHUNK_IMAGES, total * (1 + views)))
        # Mapped anew each time: pages of a kept map would pile up in memory.
        images = records.read_npy(paths.images(split))[[row % total for row in chosen]]
        if views and chosen[-1] >= total:
            images = _augmented(images, chosen, identities, params)
        yield images


def _augmented(images: np.ndarray, rows: range, identities: list[int], params: Params) -> np.ndarray:
    settings, (height, width) = params.images.augmentation, images.shape[1:3]
    total = len(identities)
    identity = np.array([1, 0, 0, 0, 1, 0, 0, 0], dtype=np.float32)[None]
    moves = [
        augmentation.transforms(settings, [identities[row % total]], row // total, height, width)
        if row >= total
        else identity
        for row in rows
    ]
    moved: np.ndarray = augmentation.apply(tf.constant(images), tf.constant(np.concatenate(moves))).numpy()
    return moved


def image_identities(split: str, root: Path = Path()) -> list[int]:
    """One integer per image, from its content: what its random views depend on."""
    return [int(row["sha256"][:15], 16) for row in records.read_csv(root / paths.ids(split))]


def _digests(split: str, entries: list[Stored]) -> dict[str, str]:
    inputs = [paths.FEATURES / split / entry.file if entry.file else paths.images(split) for entry in entries]
    return {file.name: records.file_digest(file) for file in [paths.labels(split), *inputs]}
