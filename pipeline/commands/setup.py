"""What commands do first: go to the project, and have its parameters checked before anything heavy is imported."""

from collections.abc import Iterator
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
    """Raise ConfigError if something that `dvc repro` hashes first is not there: DVC has no words of its own for it.

    What `dvc add` has taken in may be away: DVC brings it back.
    """
    for key, text in (("data.path", params.data.path), ("backbone.path", params.backbone.path)):
        require_place(key, text)


def require_place(key: str, text: str) -> None:
    """`require_inputs` of one of them, which `key` has as `text`."""
    from pathlib import Path

    from pipeline.process.errors import ConfigError

    path = Path(text)
    if not (path.exists() or any(Path(f"{place}.dvc").exists() for place in (path, *path.parents))):
        raise ConfigError(
            f"params.yaml: {key}: nothing is at {path}, and `dvc repro` needs something there{meant(path)}"
        )


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
