"""How many layers to train, and to search, of a network that takes another's place."""

from collections.abc import Mapping
from typing import Any

from pipeline.params import keys

_MOST = "backbone.max_unfrozen_layers"
_DEPTH = "train.unfrozen_layers"
_PREPARED = 2  # layers from the top that may be trained, of a published network

# Below, `sweep` is that section of params.yaml; what comes back are dotted keys and values.


def of_scratch(sweep: Mapping[str, Any], layers: int) -> dict[str, Any]:
    """All `layers`, and no search for how many: those that would be frozen know nothing."""
    space = {key: entry for key, entry in sweep["space"].items() if key != _DEPTH}
    return {_MOST: layers, _DEPTH: layers, **_searched(sweep, space)}


def of_published(sweep: Mapping[str, Any]) -> dict[str, Any]:
    """One layer, and a search up to those that are prepared for."""
    space = {**sweep["space"], _DEPTH: {"low": 0, "high": _PREPARED}}
    return {_MOST: _PREPARED, _DEPTH: 1, **_searched(sweep, space)}


def of_another(content: Mapping[str, Any], layers: int, taught: bool) -> dict[str, Any]:
    """For a network of so many `layers` in the place of that of params.yaml's `content`: what it says, no deeper.

    `taught`: it has seen images, and the one before has not.
    """
    sweep = content["sweep"]
    present = {key: keys.at(content, key) for key in (_MOST, _DEPTH)}
    values = {"sweep.space": sweep["space"], **(of_published(sweep) if taught else present)}
    most, space = min(values[_MOST], layers), values["sweep.space"]
    if _DEPTH in space:
        space = {**space, _DEPTH: _up_to(most, space[_DEPTH])}
    return {**values, _MOST: most, _DEPTH: min(values[_DEPTH], most), "sweep.space": space}


def _up_to(most: int, entry: Mapping[str, Any]) -> Mapping[str, Any]:
    if "choices" in entry:
        return {**entry, "choices": [choice for choice in entry["choices"] if choice <= most] or [most]}
    if entry["high"] <= most:
        return entry
    return {**entry, "high": most} if entry["low"] < most else {"choices": [most]}


def _searched(sweep: Mapping[str, Any], space: Mapping[str, Any]) -> dict[str, Any]:
    """Points to begin with name every key that is searched, so that those for others go."""
    return {"sweep.space": space, "sweep.start": sweep["start"] if space.keys() == sweep["space"].keys() else []}
