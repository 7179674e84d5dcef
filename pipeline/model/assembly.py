"""Puts the parts together: the trained part above a cut, and the full model from images to probabilities."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras

from pipeline.files import paths, records
from pipeline.identity import determinism, seeds
from pipeline.model import backbones, heads
from pipeline.model.cuts import Cut, Network, trained_from
from pipeline.process.compat import keras_internals
from pipeline.process.errors import ConfigError, DataError, in_one_line

if TYPE_CHECKING:
    from pipeline.params.schema import Params

_SUMMARY_COLUMNS = 80  # as files off a terminal have always had


@dataclass(frozen=True)
class Assembled:
    """One network in the two ways it is used, sharing all weights.

    `trained` maps the activations at `cut` (N, *cut.shape; pooled (N, D) if the cut is the backbone's output) to
    logits float32 (N, K) or (N, 1); `head` maps pooled vectors (N, D) to logits; `full` maps uint8 images
    (N, H, W, C) to probabilities float32 (N, K), `logits` to logits.
    """

    network: Network
    cut: Cut
    trained: keras.Model
    head: keras.Model
    full: keras.Model
    logits: keras.Model

    def depths(self, part: keras.Model) -> list[int]:
        """For each trainable variable of `part`: 0 in the head, 1 in the topmost unfrozen layer, 2 in the next."""
        layers = [self.network.model.get_layer(name) for name in reversed(self.network.layers)]
        below = {id(v): depth for depth, layer in enumerate(layers, start=1) for v in layer.trainable_variables}
        return [below.get(id(variable), 0) for variable in part.trainable_variables]


def assemble(params: Params, classes: int, root: Path = Path()) -> Assembled:
    """Build the network of `params` for K = `classes`, cut below its unfrozen layers.

    Reads the sections images, backbone, head and train. A relative backbone.path counts from `root`.
    """
    count = params.train.unfrozen_layers
    fresh = _fresh_weights(params, count, root) if count and params.backbone.weights == "none" else {}
    network = backbones.build(params.backbone, params.images, root=root)
    for name, weights in fresh.items():
        network.model.get_layer(name).set_weights(weights)
    network.freeze_below(count)
    cut = trained_from(network, count, params.images.augmentation)
    pooled = heads.activations(network.output, params.head.pooling)
    logits = heads.classify(pooled, params.head, classes, params.train.l2, params.train.seed)
    head = keras.Model(pooled, logits, name="head")
    return Assembled(
        network=network,
        cut=cut,
        trained=_trained(network, cut, head, params.head.pooling),
        head=head,
        full=keras.Model(
            network.input.tensor, heads.probabilities(logits, params.head.output), name=network.model.name
        ),
        logits=keras.Model(network.input.tensor, logits),
    )


def load_trained(params: Params) -> Assembled:
    """The network of `params` with the trained part's weights from models/model.keras.

    Reads the sections images, backbone, head, train and compute. Raises DataError if nothing has been trained, the
    file is damaged, or it is of another network.
    """
    if not paths.MODEL.exists():
        raise DataError(f"{paths.MODEL}: not found; nothing has been trained here yet: run `dvc repro`")
    determinism.prepare(params.compute)
    assembled = assemble(params, classes=len(records.read_json(paths.CLASSES)))
    try:
        _check_sums(paths.MODEL)
        weights = keras.saving.load_model(paths.MODEL, compile=False, safe_mode=True).get_weights()
    except Exception as error:
        raise DataError(
            f"{paths.MODEL}: not what was trained ({in_one_line(error)}): delete it and run `dvc repro`"
        ) from error
    if [weight.shape for weight in weights] != [variable.shape for variable in assembled.trained.weights]:
        raise DataError(
            f"{paths.MODEL}: of another network than {paths.PARAMS} describes now: take back what was changed there, or"
            " run `dvc repro` to train this one"
        )
    assembled.trained.set_weights(weights)
    return assembled


def _check_sums(path: Path) -> None:
    """Raise ValueError if a part of the archive is not what was written; Keras itself reads over some changes."""
    with zipfile.ZipFile(path) as archive:
        changed = archive.testzip()
    if changed:
        raise ValueError(f"{changed} in it has been changed")


def save_backbone(assembled: Assembled, path: Path) -> None:
    """Write the backbone's weights to `path` (.weights.h5): what `backbone.weights: file` reads."""
    if not path.name.endswith(".weights.h5"):
        raise ConfigError(f"{path}: found the ending {path.suffix or 'none'}; allowed: a name ending in .weights.h5")
    with records.atomic(path) as temporary:
        assembled.network.model.save_weights(temporary)


def save(assembled: Assembled, path: Path) -> None:
    """Write the trained part to `path` (.keras), the same bytes for the same weights."""
    with records.atomic(path) as temporary:
        assembled.trained.save(temporary)
        keras_internals.stabilise(temporary)


def _trained(network: Network, cut: Cut, head: keras.Model, pooling: str) -> keras.Model:
    if cut.at_output:
        return head
    inputs = keras.Input(cut.shape, dtype=cut.tensor.dtype, name="activations")
    tail = network.between(cut, network.output)
    assert tail is not None  # the cut is below the output
    tail.name = "tail"
    tensor = heads.pool(tail(inputs), pooling)
    for layer in head.layers[1:]:  # a head is a chain
        tensor = layer(tensor)
    return keras.Model(inputs, tensor, name="trained")


def _fresh_weights(params: Params, count: int, root: Path) -> dict[str, Any]:
    """Initial weights of unfrozen random layers: they follow the training's seed, the frozen ones below never do."""
    network = backbones.build(params.backbone, params.images, seeds.whole(params.train.seed, "backbone"), root)
    return {name: network.model.get_layer(name).get_weights() for name in network.unfrozen(count)}


def parameter_counts(assembled: Assembled) -> dict[str, int]:
    """Total and trainable parameters of the full model; normalization statistics count as not trainable."""
    full = assembled.full
    trainable = sum(int(v.shape.num_elements()) for v in assembled.trained.trainable_variables)
    return {"total": int(full.count_params()), "trainable": trainable}


def summary(model: keras.Model) -> str:
    """Keras' own table of layers, shapes and parameters, as plain text."""
    return f"{keras_internals.summary(model, _SUMMARY_COLUMNS).rstrip()}\n"
