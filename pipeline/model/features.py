"""Stored activations, read back: at the cut where training starts, whichever cuts were stored."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from pipeline.files import features_index, paths, records
from pipeline.identity import versions
from pipeline.model import augmentation, chunks, class_weights, extraction, graph, heads, hub_presets, wanted
from pipeline.model.assembly import Assembled
from pipeline.model.compiled import compiled
from pipeline.model.cuts import Cut
from pipeline.model.fit import Examples
from pipeline.model.step import as_input
from pipeline.process.errors import DataError

if TYPE_CHECKING:
    from pipeline.params.schema import Params


def read_index(splits: Iterable[str] = paths.SPLITS, root: Path = Path()) -> dict[str, Any]:
    """What was stored of `splits`, and from what, in the project at `root`.

    Raises DataError if the extract-features stage has not written it.
    """
    if missing := features_index.missing(splits, root):
        raise DataError(f"{missing}: not found; nothing has been extracted here yet: run `dvc repro`")
    return features_index.read(splits, root)


def verify(split: str, index: dict[str, Any], root: Path = Path()) -> None:
    """Raise DataError if a stored file of `split` is not the one that was written: no flipped bit is trained on."""
    digests = index["digests"][split]
    if (root / paths.weights(split)).exists() and paths.weights(split).name not in digests:
        raise DataError(f"{paths.weights(split)}: extract-features has not seen it; run dvc repro")
    verify_files(split, digests, root)


def verify_files(split: str, digests: Mapping[str, str], root: Path = Path()) -> None:
    """As `verify`, of some files only: name → SHA-256."""
    of_split = [paths.images(split), paths.labels(split), paths.weights(split)]
    for name, expected in digests.items():
        of_images = name in [path.name for path in of_split]
        path = root / (paths.IMAGES if of_images else paths.FEATURES) / split / name
        if not path.exists() or records.file_digest(path) != expected:
            found = "its bytes are not those extract-features saw" if path.exists() else "not found"
            raise DataError(f"{path}: {found} (sha256 {expected[:12]}…); delete data/features and run dvc repro")


def check_weights(assembled: Assembled, index: Mapping[str, Any], unfrozen: bool) -> None:
    """Raise DataError if layers, frozen weights or the library are not those the stored activations come from."""
    package = hub_presets.PACKAGE
    here = versions.installed([package])[package]
    if index.get(package, here) != here:
        raise DataError(
            f"{paths.FEATURES_INDEX}: made with {package} {index[package]}, and here is {here}; run dvc repro --force"
            " extract-features"
        )
    other_layers = "layers" in index and extraction.layers_digest(assembled.network) != index["layers"]
    if other_layers or (not unfrozen and extraction.weights_digest(assembled.network) != index["weights"]):
        raise DataError(
            f"{paths.FEATURES_INDEX}: made with other {'layers' if other_layers else 'weights'} of {index['backbone']}"
            " than the file of the backbone holds now; run dvc repro --force extract-features"
        )


def examples(split: str, assembled: Assembled, params: Params, cut: Cut | None = None, root: Path = Path()) -> Examples:
    """Inputs of the trained part (or of `cut`) and labels of a split; views and on-the-fly changes for train only."""
    settings = params.images.augmentation
    cut = cut or assembled.cut
    inputs = activations(split, assembled, cut, params.head.pooling, root)
    labels = records.read_npy(root / paths.labels(split), memory_map=False)
    if split != "train":
        return Examples(inputs, labels)
    of_classes = class_weights.of(params.train.class_weights, records.read_json(root / paths.CLASSES), labels)
    of_images = weights_of(split, root)
    if not (settings.on_the_fly and cut.at_input):
        return Examples(inputs, labels, None, of_classes, of_images)
    identities = wanted.image_identities(split, root)

    def transforms(epoch: int) -> dict[str, np.ndarray]:
        return augmentation.drawn(settings, identities, epoch, inputs.shape[1:])

    return Examples(inputs, labels, transforms, of_classes, of_images)


def weights_of(split: str, root: Path = Path()) -> np.ndarray | None:
    """How much each image of a split counts, float32 (N,); None: all the same."""
    path = root / paths.weights(split)
    return records.read_npy(path, memory_map=False) if path.exists() else None


def activations(split: str, assembled: Assembled, cut: Cut, pooling: str, root: Path = Path()) -> np.ndarray:
    """Activations at `cut` (N, …), memory-mapped: those stored, or advanced once from the deepest stored ones."""
    stored = {entry["layer"]: entry["file"] for entry in read_index([split], root)["cuts"]}
    if cut.layer in stored:
        return _read(split, stored[cut.layer], root)
    deepest, file = next(iter(stored.items()))
    lower = assembled.network.at(deepest)
    part = keras.Model(lower.tensor, heads.activations(cut, pooling))
    return _advance(part, _read(split, file, root), root / paths.STATE)


def _read(split: str, file: str | None, root: Path) -> np.ndarray:
    return records.read_npy(root / (paths.FEATURES / split / file if file else paths.images(split)))


def _advance(part: keras.Model, inputs: np.ndarray, folder: Path) -> np.ndarray:
    """Run a frozen part over stored activations, into a nameless file in `folder`: it may be larger than memory."""
    run = compiled(lambda rows: tf.cast(part(as_input(part, rows), training=False), tf.float32))
    size = chunks.images_at_once(graph.nodes(part.output))
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        for start in range(0, len(inputs), size):
            file.write(run(tf.constant(inputs[start : start + size])).numpy().data)
        file.flush()
        return np.memmap(file, np.float32, "r", shape=(len(inputs), *part.output.shape[1:]))
