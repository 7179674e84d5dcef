"""The study of a sweep: what it is called, which follows from all that its trials follow from, and where it is."""

import warnings
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import optuna

from pipeline.files import paths, records
from pipeline.identity import code
from pipeline.identity import fingerprint as identity
from pipeline.params.schema import Params
from pipeline.process import databases, verbosity
from pipeline.process.compat import optuna_internals
from pipeline.process.errors import ConfigError, HerbariumError
from pipeline.process.notices import in_short
from pipeline.sweep import space
from pipeline.sweep.space import Dimension
from pipeline.tracking import address

_DECIDING = tuple(Path("pipeline/sweep", f"{name}.py") for name in ("decisions", "pruning", "search", "space"))

optuna.logging.set_verbosity(optuna.logging.INFO if verbosity.verbose() else optuna.logging.ERROR)
warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)


class SweepError(HerbariumError):
    """A sweep cannot go on, or cannot be found."""


def default_storage() -> str:
    """optuna.db beside mlflow.db, in the project."""
    return databases.sqlite_url(paths.project_root() / "optuna.db")


def name(params: Params, dimensions: Sequence[Dimension]) -> str:
    """Names what the sequence of trials follows from.

    `params` outside the space, with data, environment and code of a training; the search, its code and its library.
    Raises SweepError if the features have not been extracted.
    """
    searching = params.hashed(include={"sweep": {"space", "sampler", "pruner", "batch", "seed"}})
    libraries = ("optuna", "cmaes") if params.sweep.sampler == "cma-es" else ("optuna",)
    content = {
        **searching,
        "base": fingerprint(space.configured(params, space.first(dimensions))),
        "code": code.of_modules(_DECIDING),
        "libraries": {library: version(library) for library in libraries},
    }
    return f"{params.data.name}-{records.digest(content)[:12]}"


def fingerprint(params: Params) -> str:
    """The fingerprint a training with `params` has in this project, on this machine."""
    if not paths.FEATURES_INDEX.exists():
        raise SweepError(f"{paths.FEATURES_INDEX}: not found: run `dvc repro extract-features`")
    return identity.of_project(params)


def open_study(study: str, url: str, create: bool = True) -> optuna.Study:
    """The study of that name at `url`, an SQLAlchemy URL. Raises SweepError if it cannot be reached or is missing."""
    shown = address.redacted(url)
    try:
        storage = optuna_internals.numbered_storage(url)
        if create:
            return optuna.create_study(study_name=study, storage=storage, direction="maximize", load_if_exists=True)
        return optuna.load_study(study_name=study, storage=storage)
    except KeyError:
        raise SweepError(
            f"{shown} has no sweep of the present params.yaml (it would be called {study}): run `herbarium sweep`"
        ) from None
    except ImportError as error:
        raise ConfigError(
            f"--storage: {shown} needs a database driver that is not installed: {error}"
            " (for PostgreSQL: pip install 'psycopg[binary]')"
        ) from None
    except Exception as error:  # every database has errors of its own
        raise SweepError(f"--storage: {shown} cannot be used: {in_short(error)}") from error
