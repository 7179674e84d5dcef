"""In which parameters that decide a result two experiments differ."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.params import own_places
from pipeline.params.keys import flat
from pipeline.params.schema import Params

# The images may be others than the experiment names: the same photographs from a folder, for one.
_FREE = ("version", "data", "tracking", "sweep")


def differences(ours: Params, other: Params) -> list[str]:
    """Dotted keys that decide a result and differ; from where images and weights are taken may differ."""
    a, b = (flat(params.model_dump(exclude=set(_FREE))) for params in (ours, other))
    free = {f"backbone.{name}" for name in _of_weights_elsewhere(ours, other)}
    return [key for key in differing(a, b) if key not in free]


def of_recipe(ours: Params, other: Params) -> list[str]:
    """As `differences`, but for the seed: a review begins with the record's first, whatever the experiment says."""
    return [key for key in differences(ours, other) if key != "train.seed"]


def differing(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    """Keys whose values differ or that one of both lacks: names of classes that have a weight are keys, too."""
    return [key for key in {**first, **second} if first.get(key, ...) != second.get(key, ...)]


def weights_from_file(ours: Params, other: Params) -> bool:
    """True if `other` reads from a file what `ours` downloads, as a machine without internet must."""
    return (ours.backbone.weights, other.backbone.weights) == ("imagenet", "file")


def _of_weights_elsewhere(ours: Params, other: Params) -> dict[str, Any]:
    """What changes in the backbone of `ours` that it reads its weights where `other` does, if nothing else differs.

    Which file it was dvc.lock tells. What comes with the project is that and no other.
    """
    changes = own_places.with_weights(ours.backbone, other.backbone.path)
    there = ours.backbone.weights != "none" and ours.backbone.model_copy(update=changes) == other.backbone
    shipped = set(changes) == {"path"} and Path(ours.backbone.path).is_relative_to("pipeline")
    return changes if there and not shipped else {}
