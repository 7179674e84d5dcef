"""Runs the frozen part once over all images and stores its activations at the cuts.

Chunks are appended to plain files outside the stage's outputs, so memory does not grow with the number of images, and
a killed extraction goes on where it stopped, ending with the same bytes.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from pipeline.files import paths, records
from pipeline.identity import code
from pipeline.identity.environment import environment
from pipeline.model import augmentation, backbones, chunks, filling, heads, hub_presets, known, reuse
from pipeline.model.compiled import compiled
from pipeline.model.cuts import Cut, Network, stored
from pipeline.model.lower import Elsewhere, Lower
from pipeline.model.wanted import Wanted
from pipeline.process import limits, verbosity

if TYPE_CHECKING:
    from pipeline.params.schema import Params

UNFINISHED = paths.STATE / "features"


@dataclass(frozen=True)
class Stored:
    """Activations kept of one cut: `file` is their name in each split's folder, None if they are the images."""

    layer: str
    shape: tuple[int, ...]
    file: str | None

    @property
    def row_values(self) -> int:
        return int(np.prod(self.shape))


def extract(params: Params, elsewhere: Callable[[str], Elsewhere] | None = None) -> dict[str, Any]:
    """Store the activations of every split; returns the index (content of features.json), `digests` included.

    Reads the sections images and backbone, head.pooling and compute. `elsewhere` gives, for the `bits` that are agreed
    on, who computes chunks, if not this process. Raises MachineError if the disk is too small.
    """
    network = backbones.build(params.backbone, params.images)
    network.freeze_below(0)
    heads.require_poolable(network.output, params.head.pooling)
    if network.left_out:
        verbosity.say(f"left out of {params.backbone.path}, as its classifier: {', '.join(network.left_out)}")
    kept, entries = _kept(network, params)
    counts = {split: len(records.read_npy(paths.labels(split))) for split in paths.SPLITS}
    index = _index(params, network, entries, counts)
    decisive = {**index, "layers": layers_digest(network)}
    keys = reuse.keys(decisive, params.compute)
    work = {split: UNFINISHED / key[:16] for split, key in keys.items()}
    if needed := check_disk(params, entries, counts, work.values()):
        verbosity.say(f"activations take {limits.size(needed)} of the disk")
    if kept:
        _say_brought(reuse.bring(keys, work))
        name, files = reuse.network(decisive, params.compute), [str(entry.file) for _, entry in kept]
        notes = reuse.of_network(name, keys)
        lower = replace(lower_of(network, params), elsewhere=elsewhere(bits(network, params)) if elsewhere else None)
        wanted = {split: Wanted.of(split, params) for split in paths.SPLITS}
        found = {split: known.find(wanted[split].names, notes, files) for split in paths.SPLITS}
        filling.fill(wanted, lower, work, found)
        rows = {split: wanted[split].names for split in paths.SPLITS}
        reuse.note(keys, _finish(work, files), name, rows)
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
    limits.require_disk(
        needed,
        f"activations of {rows:,} images at {', '.join(e.layer for e in entries)}",
        "lower backbone.max_unfrozen_layers or images.augmentation.views, or set compute.storage: float16",
    )
    return needed


def weights_digest(network: Network) -> str:
    """SHA-256 over all weights of the backbone, in the order of its layers."""
    return records.digest([records.array_digest(np.asarray(weight)) for weight in network.model.get_weights()])


def layers_digest(network: Network) -> str:
    """SHA-256 over what the layers of the backbone do and how they are connected: the same weights fit others, too.

    Which of them are trained is not a property of the backbone.
    """
    return records.digest(_without("trainable", json.loads(network.model.to_json())))


def _without(key: str, content: Any) -> Any:
    if isinstance(content, dict):
        return {name: _without(key, value) for name, value in content.items() if name != key}
    return [_without(key, value) for value in content] if isinstance(content, list) else content


def _layers(network: Network, name: str, path: str) -> dict[str, str]:
    """Of a backbone that is a file: of others the layers follow from the name and the release of Keras."""
    of_file = paths.saved_backbone(name, path) or paths.is_hub(name)
    return {"layers": layers_digest(network)} if of_file else {}


def _random_views(params: Params) -> dict[str, Any] | None:
    if not augmentation.active(params.images.augmentation):
        return None
    said: dict[str, Any] = params.hashed(include={"images": {"augmentation"}})["images"]["augmentation"]
    return said


def _index(params: Params, network: Network, entries: list[Stored], counts: dict[str, int]) -> dict[str, Any]:
    return {
        "backbone": network.model.name,
        "weights": weights_digest(network),
        **_layers(network, params.backbone.name, params.backbone.path),
        **hub_presets.said(params.backbone.name),
        "scale": params.images.scale,
        "pooling": params.head.pooling,
        "augmentation": _random_views(params),
        "precision": params.compute.precision,
        "dtype": params.compute.storage,
        "cuts": [{"layer": e.layer, "shape": list(e.shape), "file": e.file} for e in entries],
        "images": counts,
        "sources": {split: records.file_digest(paths.images(split)) for split in paths.SPLITS},
    }


def _kept(network: Network, params: Params) -> tuple[list[tuple[Cut, Stored]], list[Stored]]:
    """The cuts with a file of their own, and all that are described."""
    cuts = stored(network, params.backbone, params.images.augmentation)
    entries = [describe(cut, params.head.pooling) for cut in cuts]
    return [(cut, entry) for cut, entry in zip(cuts, entries, strict=True) if entry.file], entries


def bits(network: Network, params: Params) -> str:
    """The name of what a chunk's bits follow from beside its images and parameters: equal on those who share a work."""
    of_network = [weights_digest(network), layers_digest(network), hub_presets.said(params.backbone.name)]
    return records.digest([environment(params.compute), code.digest("extract-features"), *of_network])


def lower_of(network: Network, params: Params) -> Lower:
    """The part of `network` from uint8 images to the stored activations of all cuts, in the stored type."""
    kept, _ = _kept(network, params)
    outputs = [heads.activations(cut, params.head.pooling) for cut, _ in kept]
    model = keras.Model(network.input.tensor, outputs)
    dtype = tf.as_dtype(params.compute.storage)

    def run(images: Any) -> list[Any]:
        results = model(images, training=False)
        return [tf.cast(r, dtype) for r in (results if isinstance(results, list) else [results])]

    files = {str(entry.file): entry.shape for _, entry in kept}
    return Lower(compiled(run), files, params.compute.storage, chunks.images_at_once(network.nodes))


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


def _digests(split: str, entries: list[Stored]) -> dict[str, str]:
    inputs = [paths.FEATURES / split / entry.file if entry.file else paths.images(split) for entry in entries]
    weights = [paths.weights(split)] if paths.weights(split).exists() else []
    return {file.name: records.file_digest(file) for file in [paths.labels(split), *weights, *inputs]}
