"""The parameters of a re-run in the words of the code that runs them: that of an older commit knows no later keys."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.files import paths
from pipeline.params import config, upgrades
from pipeline.params.keys import at, flat, replaced
from pipeline.process.errors import ConfigError

_VERSION = re.compile(r"^CURRENT = (\d+)$", re.MULTILINE)
_WEIGHTS = "train.class_weights"
_NO_INPUTS = ("version", "tracking", "sweep")  # no stage reads them: the older code keeps its own


def of_code(project: Path, content: Mapping[str, Any]) -> dict[str, Any]:
    """`content`, a params.yaml of the current version, as the code of the folder `project` wants to read it.

    Raises ConfigError naming what that code cannot be told.
    """
    if known_version(project) >= upgrades.CURRENT:
        return dict(content)
    file = project / paths.PARAMS
    said = config.read_yaml(file)
    own, wanted = _inputs(said), _inputs(content)
    later = [key for key, value in wanted.items() if key not in own and not upgrades.unchanged(key, value)]
    former = [key for key in own if key not in wanted]
    if later or former:
        raise ConfigError(
            f"the code to be run is of version {known_version(project)} of {paths.PARAMS}, before"
            f" {', '.join([*later, *former])}: run these parameters with code of their time"
        )
    for key, value in wanted.items():
        said = replaced(said, key, value) if at(said, key) is not ... else said
    return dict(said)


def _inputs(content: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted key → value; weights of classes are one value, whatever the classes are called."""
    sections = {name: value for name, value in content.items() if name not in _NO_INPUTS}
    weights = at(sections, _WEIGHTS)
    if not isinstance(weights, Mapping):
        return flat(sections)
    return {**flat(replaced(sections, _WEIGHTS, "")), _WEIGHTS: weights}


def known_version(project: Path) -> int:
    """The version of params.yaml that the code in the folder `project` writes."""
    file = project / "pipeline/params/upgrades.py"
    found = _VERSION.search(file.read_text(encoding="utf-8")) if file.is_file() else None
    return int(found[1]) if found else upgrades.FIRST
