"""Images and weights in places of one's own (--data, --weights): whether parameters would read them, and how."""

import re
from pathlib import Path
from typing import Any

from pipeline.files import paths
from pipeline.params.network_sections import Backbone
from pipeline.params.schema import Params
from pipeline.process.errors import ConfigError

_SHIPPED = "pipeline/model/fashion_cnn/backbone.weights.h5"


def require_images(params: Params, place: Path) -> None:
    """Raise ConfigError if no folder is at `place`, or `params` read none."""
    if params.data.source == "digits":
        raise ConfigError("--data: data.source is digits, which reads no folder; leave it out")
    if not place.is_dir():
        raise ConfigError(f"--data: found {_found(place)}; needed: a folder")


def require_originals(params: Params, place: Path) -> None:
    """As `require_images`; also if `params` read downloaded files and there are only folders at `place`."""
    require_images(params, place)
    inside = [entry for entry in place.iterdir() if not entry.name.startswith(".")]
    if params.data.source == "tfds" and inside and all(entry.is_dir() for entry in inside):
        raise ConfigError(
            f"--data: found folders in {str(place)!r}, of images by class, it seems; needed: the original files of"
            f" {params.data.name} as they are downloaded, or --recorded if the record was made from such folders"
        )


def require_weights(params: Params, place: Path) -> None:
    """Raise ConfigError if there are no weights at `place` as the backbone of `params` takes them, or it takes none."""
    if params.backbone.weights == "none":
        raise ConfigError("--weights: backbone.weights is none, nothing is read; leave it out")
    preset = paths.is_hub(params.backbone.name)
    if not (place.is_dir() if preset else place.is_file()):
        raise ConfigError(
            f"--weights: found {_found(place)}; needed: {'the folder of a KerasHub preset' if preset else 'a file'}"
        )


def written(place: Path, project: Path) -> str:
    """An absolute path as params.yaml has it: below `project` relative to that. Raises ConfigError if it cannot."""
    if re.search(r"[\x00-\x1f]", str(place)):
        raise ConfigError(f"{str(place)!r}: a path with a line break cannot be in {paths.PARAMS}; rename it")
    return str(place.relative_to(project) if place.is_relative_to(project) else place)


def tracked_by(path: Path) -> Path | None:
    """The file in which `dvc add` has noted `path`, or a folder it lies in; None if there is none."""
    return next((file for place in (path, *path.parents) if (file := Path(f"{place}.dvc")).exists()), None)


def without_weights(path: str) -> dict[str, str]:
    """Key → value of what changes where nothing is read at `path`: DVC asks for a file there all the same."""
    return {} if Path(path).exists() or tracked_by(Path(path)) else {"backbone.path": _SHIPPED}


def with_weights(backbone: Backbone, path: str) -> dict[str, Any]:
    """Key → value of what changes in `backbone` that it reads its weights at `path`."""
    name = "hub" if paths.is_hub(backbone.name) else "saved" if ":/" in backbone.name else backbone.name
    found = {"name": name, "weights": "file", "path": path}  # not a name of what is downloaded
    return {key: value for key, value in found.items() if value != getattr(backbone, key)}


def _found(place: Path) -> str:
    what = "a folder" if place.is_dir() else "a file" if place.exists() else "nothing"
    return f"{what} at {str(place)!r}"
