"""A sweep that can be begun or gone on with: its study, its space, and how many trials there are to be."""

import os
from dataclasses import dataclass
from pathlib import Path

import optuna

from pipeline.files import paths
from pipeline.model import division
from pipeline.params.schema import Params
from pipeline.process.errors import ConfigError
from pipeline.results import objectives
from pipeline.results.objectives import Objective
from pipeline.results.trials import Trial
from pipeline.sweep import lineage, recorded, searched, space, study
from pipeline.sweep.dimensions import Dimension
from pipeline.sweep.study import UnknownStudyError


@dataclass(frozen=True)
class Plan:
    """`total` trials of `study`, those that have ended included."""

    params: Params
    dimensions: list[Dimension]
    study: optuna.Study
    total: int
    news: str = ""  # why it begins anew, if a sweep like it was there before
    elsewhere: bool = False  # in a storage that whoever promotes has to name again
    divided: str = ""  # which images its folds hold out, if it has some

    @property
    def keys(self) -> list[str]:
        return [dimension.key for dimension in self.dimensions]

    @property
    def lag(self) -> int:
        """Trial n is decided from the trials up to n − lag; so this many can run at once."""
        return self.params.sweep.batch

    @property
    def objective(self) -> Objective:
        return objectives.of(self.params.sweep)

    def trials(self) -> list[Trial]:
        """The trials that have ended so far, in order."""
        return recorded.trials(self.study, self.dimensions)

    def params_of(self, trial: Trial) -> Params:
        """What it ran with; unchecked, if it did not because that is not legal."""
        try:
            return space.configured(self.params, trial.values)
        except ConfigError:
            return space.unchecked(self.params, trial.values)

    def model(self, fingerprint: str) -> Path:
        """Where the trained part of a trial is kept while it is among the best."""
        return paths.SWEEPS / str(self.study.study_name) / f"{fingerprint[:32]}.keras"


def check_folds(params: Params) -> None:
    """Raise CombinationError if the stored images cannot be divided into sweep.folds."""
    if params.sweep.folds:
        division.check(params.sweep.folds, "params.yaml: sweep.folds")


def of(params: Params, storage: str | None = None, trials: int | None = None, create: bool = True) -> Plan:
    """Open the sweep of `params`. Raises ConfigError for a wrong space, SweepError if the storage cannot be used.

    `trials` overrides sweep.trials. With `create` False a sweep that does not exist raises SweepError.
    """
    dimensions = searched.dimensions_of(params)
    url = storage or study.default_storage()
    if not create:
        study.require_any(url)
    parts = study.parts(params, dimensions)
    opened, news = _opened(study.name(params, parts), parts, url, create)
    total = trials or params.sweep.trials
    if params.sweep.sampler == "grid":
        total = min(total, space.grid_size(dimensions))
    elsewhere = storage not in (None, os.environ.get("OPTUNA_STORAGE"))
    return Plan(params, dimensions, opened, total, news, elsewhere, parts.get("folds", ""))


def _opened(name: str, parts: dict[str, str], url: str, create: bool) -> tuple[optuna.Study, str]:
    """The study, and what parts it from others if it has no trials yet."""
    try:
        opened = study.open_study(name, url, create)
    except UnknownStudyError as error:
        news = lineage.change(url, name, parts)
        raise UnknownStudyError(f"{error}; {news}" if news else str(error)) from None
    lineage.note(opened, parts)
    return opened, "" if recorded.ended(opened) else lineage.change(url, name, parts)
