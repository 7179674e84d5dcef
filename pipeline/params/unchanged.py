"""A command that works for long on params.yaml as it found it says so if it has been changed meanwhile."""

from pipeline.files import paths
from pipeline.params import config
from pipeline.params.schema import Params
from pipeline.process.errors import ConfigError


def require(params: Params, command: str) -> None:
    """Raise ConfigError if params.yaml no longer says what `params` do of what decides a result.

    What DVC ran meanwhile was then another experiment, and `command` would go on with this one.
    """
    if _deciding(config.load()) != _deciding(params):
        raise ConfigError(
            f"{paths.PARAMS} was changed after {command} had read it, and `dvc repro` ran what it says now: run"
            f" {command} again, and leave the file as it is until `dvc repro` has ended"
        )


def _deciding(params: Params) -> dict[str, object]:
    return params.hashed(exclude={"tracking": True, "sweep": True})
