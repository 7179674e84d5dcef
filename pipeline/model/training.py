"""A training run from stored activations to a trained network: what the train stage and every trial of a sweep call.

It reads the train and validation splits, never the test split.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.files import paths, records
from pipeline.identity import fingerprint
from pipeline.model import assembly, class_weights, features, folds, mixing, prepared, warm_up
from pipeline.model import fit as fitting
from pipeline.model.assembly import Assembled
from pipeline.model.fit import Examples, Phase
from pipeline.model.folds import Fold
from pipeline.model.prepared import Kept, Prepared
from pipeline.process.errors import HerbariumError
from pipeline.results import history
from pipeline.results.history import Epoch

if TYPE_CHECKING:
    from pipeline.params.schema import Params
    from pipeline.params.train_section import Train

PROBE_IMAGES = 8
TOLERANCE = {"exact": 1e-4, "reduced": 5e-2}  # of logits, relative; reduced = bfloat16 arithmetic or float16 storage


class InexactCutError(HerbariumError):
    """The trained part on stored activations does not compute what the full network computes."""


@dataclass(frozen=True)
class Trained:
    """A finished training run: the network with the kept epoch's weights, the curve, and its fingerprint."""

    assembled: Assembled
    epochs: list[Epoch]
    kept_epoch: int
    fingerprint: str


def run(
    params: Params,
    on_start: Callable[[str], None] = lambda _: None,
    on_epoch: Callable[[Epoch], None] = lambda _: None,
    checkpoints: Path | None = None,
    root: Path = Path(),
    kept: Kept | None = None,
    warm_ups: Path | None = None,
    fold: Fold | None = None,
) -> Trained:
    """Train the network of `params` on the stored activations; `on_start` gets the fingerprint before the first epoch.

    Reads the sections images, backbone, head, train and compute. `checkpoints` is a folder to resume from; `forget`
    clears it, once what was trained is safe. `root` is the project whose activations, classes and backbone are meant.
    `kept` are networks of earlier trainings to use again, `warm_ups` a folder of their warm-ups; what comes of it is
    the same without, but what was trained is another training's with the next call. `fold` is other images to train on
    and to hold out, with a fingerprint of its own, without checkpoints or shared warm-ups.
    """
    classes = records.read_json(root / paths.CLASSES)
    class_weights.check(params.train.class_weights, classes)
    index = features.read_index(fingerprint.SPLITS, root)
    for split in fingerprint.SPLITS:
        features.verify(split, index, root)
    name = folds.named(fingerprint.of_project(params, root), fold)
    checkpoints, warm_ups = (None, None) if fold else (checkpoints, warm_ups)
    key = folds.named(prepared.key(params, root), fold)
    network = (kept or Kept()).get(key, lambda: _prepared(params, index, root, fold))
    mixing.check(params.train, tuple(network.assembled.trained.input.shape[1:]))
    network.begin(params)
    on_start(name)
    folder = _folder(checkpoints, name) if checkpoints else None
    assembled, (train, validation) = network.assembled, network.at_cut
    epochs = [network.before]
    on_epoch(epochs[0])
    if params.train.warmup_epochs:
        epochs += warm_up.run(network, params, on_epoch, _file(folder, "warmup"), warm_ups, root)
    phase, steps = _joint(params.train), network.steps(assembled.trained, params.train)
    joint = fitting.fit(
        assembled.trained, train, validation, params.train, phase, on_epoch, _file(folder, "joint"), steps
    )
    check_exact(assembled, _probe(assembled, params, root) if fold else validation, params, root)
    best = history.best(joint) if params.train.early_stopping_patience else joint[-1]
    return Trained(assembled, [*epochs, *joint], best.epoch, name)


def forget(checkpoints: Path, name: str) -> None:
    """Remove the checkpoints of the training of that fingerprint: kept, they would make repeating it a resumption."""
    shutil.rmtree(_folder(checkpoints, name), ignore_errors=True)


def _folder(checkpoints: Path, name: str) -> Path:
    return checkpoints / name[:16]


def _probe(assembled: Assembled, params: Params, root: Path) -> Examples:
    return features.examples("validation", assembled, params, root=root)


def _prepared(params: Params, index: Mapping[str, Any], root: Path, fold: Fold | None) -> Prepared:
    assembled = assembly.assemble(params, len(records.read_json(root / paths.CLASSES)), root)
    features.check_weights(assembled, index, unfrozen=params.backbone.weights == "none")
    return Prepared(assembled, params, root, fold)


def _joint(train: Train) -> Phase:
    return Phase(
        train.epochs, train.learning_rate, train.schedule, train.early_stopping_patience, train.warmup_epochs + 1
    )


def _file(folder: Path | None, name: str) -> Path | None:
    return folder / f"{name}.npz" if folder else None


def check_exact(assembled: Assembled, validation: Examples, params: Params, root: Path = Path()) -> float:
    """Largest difference between logits through stored activations and through the full network, relative.

    On a probe of validation images. Raises InexactCutError beyond the tolerance: nothing wrong may be saved.
    """
    images: Any = records.read_npy(root / paths.images("validation"))[:PROBE_IMAGES]
    expected = fitting.logits(assembled.logits, images)
    found = fitting.logits(assembled.trained, validation.inputs[:PROBE_IMAGES])
    difference = float(np.abs(found - expected).max() / max(np.abs(expected).max(), 1e-12))
    reduced = params.compute.precision == "bfloat16" or params.compute.storage == "float16"
    tolerance = TOLERANCE["reduced" if reduced else "exact"]
    if not difference <= tolerance:
        raise InexactCutError(
            f"the network cut at {assembled.cut.layer} gives logits that differ from the full network's by"
            f" {difference:.1e}, allowed are {tolerance:.0e}: the backbone cannot be cut there; please report it"
        )
    return difference
