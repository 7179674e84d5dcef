"""What commands do first: go to the project, and have its parameters checked before anything heavy is imported."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.params.schema import Params


@contextmanager
def in_project() -> Iterator[None]:
    """Within it, the working directory is the root of the project the user stands in, found upwards.

    Also a decorator, for a command that takes no path; others resolve paths before they enter.
    """
    from pipeline.process import project

    with chdir(project.root()):
        yield


def configured() -> "Params":
    """The whole of params.yaml, and its backbone brought from MLflow."""
    from pipeline.files import paths
    from pipeline.params import config

    params = config.load()
    saved = paths.saved_backbone(params.backbone.name, params.backbone.path)
    if ":/" in params.backbone.name and saved and not saved.exists():
        from pipeline.tracking import backbone

        backbone.download(params.backbone.name, saved, params.tracking)
    return params


def prepared(said: bool = False) -> "Params":
    """As `configured`, with TensorFlow imported after everything else has been checked.

    It takes seconds, which is announced unless it was `said`.
    """
    from pipeline.process import verbosity

    params = configured()
    if not said:
        verbosity.begin("loading TensorFlow")
    from pipeline.identity import libraries

    libraries.start()
    return params


def require_inputs(params: "Params") -> None:
    """Raise ConfigError if something that `dvc repro` hashes first is not there, or would be removed by it: DVC has no
    words of its own for that."""
    require_places({"data.path": params.data.path, "backbone.path": params.backbone.path})


def require_places(paths: Mapping[str, str]) -> None:
    """`require_inputs` of some of them: key → path."""
    from pathlib import Path

    from pipeline.commands import targets

    written = targets.written()
    for key, text in paths.items():
        require_apart(Path(text), f"params.yaml: {key}", written)
        _require_there(key, Path(text))
    _require_nobodys(written)


def _require_there(key: str, path: "Path") -> None:
    from pipeline.params import own_places
    from pipeline.process.errors import ConfigError

    if path.exists():
        return
    if tracked := own_places.tracked_by(path):
        raise ConfigError(
            f"params.yaml: {key}: nothing is at {path} now: `dvc checkout {tracked}` brings it from DVC's cache, or"
            f" `dvc pull {tracked}` from a remote"
        )
    raise ConfigError(f"params.yaml: {key}: nothing is at {path}, and `dvc repro` needs something there{meant(path)}")


def require_apart(path: "Path", said: str, written: "Sequence[Path]") -> None:
    """Raise ConfigError, beginning with what was `said`, if `path` is what a stage writes (`targets.written`), within
    that or around it: `dvc` removes what a stage writes before it runs, whoever put it there."""
    from pathlib import Path

    from pipeline.process.errors import ConfigError

    place = Path(os.path.realpath(path))
    for output in written:
        if place.is_relative_to(output) or output.is_relative_to(place):
            raise ConfigError(
                f"{said}: found {path}, and stages write {os.path.relpath(output)}, which `dvc repro` empties before:"
                " allowed is a place of its own, for instance photographs/"
            )


def _require_nobodys(written: "Sequence[Path]") -> None:
    """Raise ConfigError if photographs lie in a folder that a stage writes."""
    from pathlib import Path

    from pipeline.data.images import ENDINGS
    from pipeline.process.errors import ConfigError

    for folder in (Path(os.path.relpath(output)) for output in written if output.is_dir()):
        images = (path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS and path.is_file())
        if image := next(images, None):
            raise ConfigError(
                f"{image}: found an image where stages write, in {folder}, which `dvc repro` empties before: move yours"
                " to a place of their own, for instance photographs/"
            )


def absolute(path: "Path") -> "Path":
    """Where a path leads that was typed: ~ is somebody's home, which not every shell fills in, if there is such a
    one."""
    try:
        return path.expanduser().resolve()
    except RuntimeError:  # nobody is called so
        return path.resolve()


def meant(path: "Path") -> str:
    """ "; did you mean X?" if something beside `path` is called nearly so, else nothing: what else lies there is no
    choice."""
    from pipeline.params import suggestions

    near = suggestions.nearest(path.name, (other.name for other in sorted(path.parent.glob("*"))))
    return "" if near is None else f"; did you mean {path.with_name(near)}?"


def require_dvc() -> None:
    """Raise ConfigError if `dvc` would refuse this folder: what an archive, or a copy without hidden files, is."""
    from pathlib import Path

    from pipeline.process import git
    from pipeline.process.compat import dvc_internals
    from pipeline.process.errors import ConfigError

    if not Path(".dvc").is_dir():
        raise ConfigError(
            ".dvc: not found, so `dvc repro` cannot run here: copy the project with its hidden files (.dvc, .dvcignore,"
            " .gitignore), or clone it"
        )
    if not git.is_repository() and not dvc_internals.goes_without_git():
        raise ConfigError(
            ".git: not found here or above, as in a downloaded archive, so `dvc repro` cannot run: clone it, or"
            " make this a repository: git init && git add . && git commit -m project"
        )
