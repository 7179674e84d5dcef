"""Where a command may write what the user asks for: looked at before any work, because a rename asks nobody."""

import os
import stat
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

from pipeline.process.errors import DataError

_WRITES = "writes"


def place(folder: Path) -> Path:
    """Where `folder` leads, absolute: renamed to a link, a folder takes the link's place, not that of its target."""
    return Path(os.path.realpath(folder))


def require_file(target: Path, option: str, ending: str, inputs: Collection[Path] = ()) -> None:
    """Raise DataError unless a file may be written at the absolute path `target`: a new one, or in place of a file.

    Its name must end in `ending`; it must be none of `inputs`, nothing that the pipeline reads or writes, and no
    folder, device or read-only file. `option` is what named it.
    """
    if not target.name.lower().endswith(ending):
        raise _refusal(target, option, f"the ending {target.suffix or 'none'}", f"a name ending in {ending}")
    _require_writable(target, option)
    if target.exists() and not target.is_file():
        raise _refusal(target, option, "a folder" if target.is_dir() else "a device", f"a {ending} file, or a new one")
    if target.exists() and not stat.S_IMODE(target.stat().st_mode) & 0o222:
        raise _refusal(target, option, "a file that is read-only", "one that may be replaced, or a new one")
    if target.resolve() in {path.resolve() for path in inputs}:
        raise _refusal(target, option, "one of the images that are asked about", "another file")
    _require_free(target, option)


def require_folder(target: Path, option: str) -> None:
    """Raise DataError unless a folder may be made at the absolute path `target`: not among what the pipeline reads.

    It is a `place`: what still is a link then leads to itself.
    """
    if os.path.islink(target):
        raise _refusal(target, option, "a link that leads to itself", "another place")
    _require_writable(target, option)
    _require_free(target, option)


def _require_free(target: Path, option: str) -> None:
    for place, use in _of_the_pipeline():
        if target.resolve().is_relative_to(place):
            within = "" if target.resolve() == place else f", in {_shown(place)}"
            raise _refusal(target, option, f"what the pipeline {use}{within}", "a place elsewhere")


def written() -> list[Path]:
    """What stages write, resolved: files and folders."""
    return [path for path, use in _of_the_pipeline() if use == _WRITES]


def _of_the_pipeline() -> Iterator[tuple[Path, str]]:
    """What dvc.yaml names for each stage: the path, and whether it is read or written."""
    from pipeline.files import paths
    from pipeline.identity import declared
    from pipeline.params import config

    content = config.read_yaml(paths.PARAMS)
    for stage in config.read_yaml(paths.PIPELINE)["stages"]:
        found = declared.of_stage(stage, content)
        yield from ((Path(path).resolve(), _WRITES) for path in found.outputs)
        yield from ((Path(path).resolve(), "reads") for path in (*found.data, *found.code))


def _require_writable(target: Path, option: str) -> None:
    """Raise DataError if no file can be made there; folders that are not there yet are made with it."""
    try:
        folder = next((place for place in target.parents if place.exists() or place.is_symlink()), target)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".", suffix=f".{target.name}"):
            return
    except OSError as error:
        reason = error.strerror or type(error).__name__
    raise DataError(f"{option}: {_shown(target)} cannot be written ({reason}); allowed: a place that can")


def _refusal(target: Path, option: str, found: str, allowed: str) -> DataError:
    return DataError(f"{option}: found {found} at {_shown(target)}; allowed: {allowed}")


def _shown(path: Path) -> str:
    from pipeline.data import names

    return names.shown(path)
