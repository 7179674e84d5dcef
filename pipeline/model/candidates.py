"""Backbones that may take the present one's place: what params.yaml would say of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.files import paths
from pipeline.model import backbones
from pipeline.params import config, own_places
from pipeline.params.keys import replaced
from pipeline.process.errors import ConfigError

if TYPE_CHECKING:
    from pipeline.params.schema import Params

RANDOM = "random"
FORMS = (
    "NAME (a keras.applications network with its ImageNet weights), NAME=FILE (its weights in a file), NAME=random"
    " (random weights), convolutions=FILE (the present layers), saved=FILE.keras, hub=FOLDER (of a KerasHub preset) or"
    " hub:PRESET (downloaded)"
)


@dataclass(frozen=True)
class Candidate:
    """`values`: the dotted keys of params.yaml that make it the backbone; `params`: all parameters with these."""

    name: str
    values: Mapping[str, Any]
    params: Params


def present(params: Params, side: int | None = None) -> Candidate:
    """The backbone that params.yaml has."""
    return _candidate(f"{params.backbone.name} (present)", {}, params, side)


def of(text: str, params: Params, side: int | None = None) -> Candidate:
    """The candidate that a person calls `text`, one of FORMS; raises ConfigError if it is none.

    `side`: height and width of its images, pixels; None: the present ones.
    """
    if text == f"{params.backbone.name} (present)":
        return present(params, side)
    name, _, source = text.partition("=")
    if not name or (name in ("convolutions", "saved", "hub") and not source):
        raise ConfigError(f"--candidate: found {text!r}; allowed: {FORMS}")
    downloaded = "preset" if paths.is_hub(name) else "imagenet"
    weights = "none" if source == RANDOM else "file" if source else downloaded
    values: dict[str, Any] = {"backbone.name": name, "backbone.weights": weights}
    values |= {"backbone.path": source} if weights == "file" else own_places.without_weights(params.backbone.path)
    if name != "convolutions":
        values["backbone.layers"] = []
    if name not in ("convolutions", "saved"):
        values |= {"images.scale": "backbone", "images.channels": 3}
    if params.head.pooling == "cls" and name != "saved" and not paths.is_hub(name):  # a class token, which these lack
        values["head.pooling"] = "average"
    return _candidate(text, values, params, side)


def layers(params: Params) -> int:
    """How many layers with weights the backbone has. Raises ConfigError if it cannot take the images."""
    backbone = params.backbone
    if backbone.weights == "imagenet":
        backbone = backbone.model_copy(update={"weights": "none"})  # they are looked for when they are needed
    return len(backbones.build(backbone, params.images).layers)


def _candidate(name: str, values: Mapping[str, Any], params: Params, side: int | None) -> Candidate:
    sized = {**values, **({"images.height": side, "images.width": side} if side else {})}
    content: Mapping[str, Any] = params.model_dump()
    for key, value in sized.items():
        content = replaced(content, key, value)
    return Candidate(name, sized, config.check(content, name))
