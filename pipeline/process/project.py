"""Where the project is: looked for upwards from where the user stands, as git and DVC do."""

from pathlib import Path

from pipeline.process.errors import HerbariumError

_PIPELINE, _OTHERS = "dvc.yaml", ("params.yaml", "experiments")


class NoProjectError(HerbariumError):
    """Neither this folder nor one above it is a project."""


def root(start: Path | None = None) -> Path:
    """The folder of the project that `start` (the working directory) lies in, absolute, links resolved.

    It holds dvc.yaml and params.yaml; one without params.yaml is known by its experiments/. Raises NoProjectError.
    """
    here = (start or _working_directory()).resolve()
    for folder in (here, *here.parents):
        if (folder / _PIPELINE).is_file() and any((folder / name).exists() for name in _OTHERS):
            return folder
    raise NoProjectError(
        f"no project here: neither {here} nor a folder above it holds {_PIPELINE} and {_OTHERS[0]}; change to the"
        " project's folder or one below it"
    )


def _working_directory() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise NoProjectError("the working directory has been removed; change to the project's folder") from None
