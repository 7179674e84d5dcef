"""KerasHub's presets: which folder holds one, and what to do without a network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline.files import paths
from pipeline.identity import versions
from pipeline.params.suggestions import did_you_mean
from pipeline.process.compat import keras_internals
from pipeline.process.errors import ConfigError, MachineError, in_one_line

PACKAGE = "keras-hub"
_CONFIG = "config.json"
_SECONDS = 20  # a server may say nothing
_KAGGLE = "kaggle://"


def library() -> Any:
    """The module keras_hub. Raises MachineError if it is not installed."""
    try:
        import keras_hub
    except ImportError as error:
        raise MachineError(
            f"params.yaml: backbone.name: hub: the package {PACKAGE} does not start here ({in_one_line(error)}):"
            " install requirements.lock, or herbarium[hub]"
        ) from error
    return keras_hub


def said(name: str) -> dict[str, str]:
    """Package → release that decides what a backbone of that name computes, beside the recorded ones."""
    return versions.installed([PACKAGE]) if paths.is_hub(name) else {}


def folder(name: str, path: Path) -> Path:
    """Where the preset is: `path` for `backbone.name: hub`; for hub:PRESET a copy, which is downloaded if need be.

    Raises ConfigError if there is no such preset, or it is not here and cannot be had.
    """
    wanted = paths.hub_preset(name)
    if wanted is None:
        return path
    handle = _handle(wanted)
    import kagglehub

    with keras_internals.impatient_downloads(_SECONDS):
        try:
            return Path(kagglehub.model_download(handle.removeprefix(_KAGGLE)))
        except Exception as error:
            raise ConfigError(
                f"params.yaml: backbone.name: hub:{wanted}: the preset is not on this machine, and could not be"
                f" downloaded from {handle} ({in_one_line(error)}); bring its folder from another machine and set name:"
                " hub, weights: file and path"
            ) from error


def configuration(place: Path) -> dict[str, Any]:
    """What the preset at `place` says of its network. Raises ConfigError if there is none."""
    try:
        content: dict[str, Any] = json.loads((place / _CONFIG).read_text(encoding="utf-8"))
        return {"class_name": content["class_name"], "config": dict(content["config"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"params.yaml: backbone.path: {place}: found no KerasHub preset ({in_one_line(error)}); allowed for name:"
            f" hub: a folder with {_CONFIG} and the weights, as `save_to_preset` of KerasHub writes it"
        ) from error


def _handle(preset: str) -> str:
    if preset.startswith(_KAGGLE):
        return preset
    known = library().models.Backbone.presets
    if preset not in known:
        raise ConfigError(f"params.yaml: backbone.name: found 'hub:{preset}'{did_you_mean(preset, list(known))}")
    return str(known[preset]["kaggle_handle"])
