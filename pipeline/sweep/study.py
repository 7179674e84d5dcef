"""The study of a sweep: what it is called, which follows from all that its trials follow from, and where it is."""

import warnings
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import optuna

from pipeline.files import features_index, paths, records
from pipeline.identity import code
from pipeline.identity import fingerprint as identity
from pipeline.model import division
from pipeline.model.folds import Fold
from pipeline.params.schema import Params
from pipeline.process import databases, verbosity
from pipeline.process.compat import optuna_internals
from pipeline.process.errors import ConfigError, HerbariumError
from pipeline.process.notices import in_short
from pipeline.sweep import space
from pipeline.sweep.dimensions import Dimension, labels
from pipeline.tracking import address

_DECIDING = tuple(  # beside the code that trains: what is tried, on which images it is measured, and as what
    Path("pipeline", room, f"{name}.py")
    for room, names in {
        "model": ("division",),
        "results": ("balanced", "metrics", "objectives", "together"),
        "sweep": (
            "decisions",
            "dimensions",
            "pruning",
            "scoring",
            "search",
            "space",
            "starts",
            "states",
            "worker",
        ),
    }.items()
    for name in names
)

optuna.logging.set_verbosity(optuna.logging.INFO if verbosity.verbose() else optuna.logging.ERROR)
warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)


_ELSEWHERE = "; what was swept with --storage is promoted with the same"


class SweepError(HerbariumError):
    """A sweep cannot go on, or cannot be found."""


class UnknownStudyError(SweepError):
    """There is no sweep of that name."""


def default_storage() -> str:
    """optuna.db beside mlflow.db, in the project."""
    return databases.sqlite_url(paths.project_root() / "optuna.db")


def name(params: Params, parts: Mapping[str, str]) -> str:
    """Of a sweep of `params`: of all that its sequence of trials follows from, its `parts`."""
    return f"{params.data.name}-{records.digest(parts)[:12]}"


def parts(params: Params, dimensions: Sequence[Dimension]) -> dict[str, str]:
    """What the sequence of trials follows from, each as a digest.

    `params` outside the space, with data, environment and code of a training; the search, its code and its library; the
    folds, if it is over some, which follow from groups and near-duplicates, too. Raises SweepError if the features have
    not been extracted, CombinationError if the images cannot be divided.
    """
    libraries = ("optuna", "cmaes") if params.sweep.sampler == "cma-es" else ("optuna",)
    content = {
        **_of_training(space.configured(params, space.first(dimensions))),
        "search": [
            params.hashed(
                include={"sweep": {"space", "sampler", "pruner", "batch", "seed", "start", "objective", "folds"}}
            ),
            # Values are drawn, and combinations counted, in this order.
            [[dimension.key, labels(dimension.choices)] for dimension in dimensions],
        ],
        "search's code": code.of_modules(_DECIDING),
        "libraries": {library: version(library) for library in libraries},
        **({"folds": [fold.digest for fold in _folds(params)]} if params.sweep.folds else {}),
    }
    return {part: records.digest(value) for part, value in content.items()}


def _folds(params: Params) -> list[Fold]:
    return division.of_project(params.sweep.folds, 1, params.sweep.seed, asked_by="params.yaml: sweep.folds")


def _of_training(params: Params) -> dict[str, Any]:
    if missing := features_index.missing(identity.SPLITS):
        raise SweepError(f"{missing}: not found: run `dvc repro extract-features`")
    return identity.parts_of_project(params)


def fingerprint(params: Params) -> str:
    """The fingerprint a training with `params` has in this project, on this machine."""
    return records.digest(_of_training(params))


def require_any(url: str) -> None:
    """Raise UnknownStudyError if the file that `url` names, if it names one, is not there: no sweep can be in it."""
    file = databases.sqlite_file(url)
    if file and not file.exists():
        raise UnknownStudyError(
            f"{file}: not found, so there is no sweep to promote from: run `herbarium sweep`{_ELSEWHERE}"
        )


def open_study(study: str, url: str, create: bool = True) -> optuna.Study:
    """The study of that name at `url`, an SQLAlchemy URL. Raises SweepError if it cannot be reached or is missing."""
    shown = address.redacted(url)
    try:
        storage = optuna_internals.numbered_storage(url)
        if create:
            return optuna.create_study(study_name=study, storage=storage, direction="maximize", load_if_exists=True)
        return optuna.load_study(study_name=study, storage=storage)
    except KeyError:
        raise UnknownStudyError(
            f"{shown} has no sweep of the present params.yaml (it would be called {study}): run `herbarium sweep`"
            f"{_ELSEWHERE}"
        ) from None
    except ImportError as error:
        raise ConfigError(
            f"--storage: {shown} needs a database driver that is not installed: {error}"
            " (for PostgreSQL: pip install 'psycopg[binary]')"
        ) from None
    except Exception as error:  # every database has errors of its own
        raise SweepError(f"--storage: {shown} cannot be used: {in_short(error)}") from error
