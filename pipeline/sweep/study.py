"""The study in Optuna's storage: finished trials, in order, each added whole in one transaction. Nothing else.

What is tried next is a pure function of them: a batch is decided in memory from the trials before it, with a sampler
seeded by (sweep.seed, batch). So there is nothing to recover after a kill: what was not added is decided and run again.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import timedelta
from itertools import count
from typing import Any

import optuna
from optuna.samplers import BaseSampler, CmaEsSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

from pipeline.files import paths, records
from pipeline.identity import fingerprint as identity
from pipeline.identity import seeds
from pipeline.params.schema import Params
from pipeline.process import databases, verbosity
from pipeline.process.errors import ConfigError, HerbariumError
from pipeline.process.notices import in_short
from pipeline.results.history import Epoch
from pipeline.results.trials import COMPLETE, FAILED, PRUNED, Trial
from pipeline.sweep import space
from pipeline.sweep.patience import patiently
from pipeline.sweep.space import Dimension
from pipeline.tracking import address

STARTUP_TRIALS = 8  # tried at random before TPE begins to learn: two default batches
_STATES = {COMPLETE: TrialState.COMPLETE, PRUNED: TrialState.PRUNED, FAILED: TrialState.FAIL}
_INTERNAL = "sampler_state"

optuna.logging.set_verbosity(optuna.logging.INFO if verbosity.verbose() else optuna.logging.ERROR)
warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)


class SweepError(HerbariumError):
    """A sweep cannot go on, or cannot be found."""


@dataclass(frozen=True)
class Suggestion:
    """What a sampler proposed: values for the space's keys, and what it must remember of them."""

    values: dict[str, Any]
    sampler_state: dict[str, Any]


def default_storage() -> str:
    """optuna.db beside mlflow.db, in the project."""
    return databases.sqlite_url(paths.project_root() / "optuna.db")


def name(params: Params, dimensions: Sequence[Dimension]) -> str:
    """Names what the sequence of trials follows from; `params` outside the space, data and environment included.

    Raises SweepError if the features have not been extracted.
    """
    searching = params.hashed(include={"sweep": {"space", "sampler", "pruner", "batch", "seed"}})
    content = {**searching, "base": fingerprint(space.configured(params, space.first(dimensions)))}
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
        if create:
            return optuna.create_study(study_name=study, storage=url, direction="maximize", load_if_exists=True)
        return optuna.load_study(study_name=study, storage=url)
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


def add(study: optuna.Study, dimensions: Sequence[Dimension], trial: Trial, sampler_state: dict[str, Any]) -> None:
    """Append a finished trial. Raises SweepError if another process has added to the study meanwhile."""
    frozen = _frozen(dimensions, trial, sampler_state)
    attempts = count()

    def append() -> None:
        recorded = study.get_trials(deepcopy=False)
        if next(attempts) and len(recorded) == trial.number + 1 and _is(recorded[-1], trial):
            return  # it had been recorded; only the answer was lost
        if len(recorded) != trial.number:
            raise SweepError(f"another sweep writes to study {study.study_name}: stop one of them and run this again")
        study.add_trial(frozen)

    patiently(append)


def _is(recorded: FrozenTrial, trial: Trial) -> bool:
    """Whether this very execution was recorded: another one of the same trial took other seconds."""
    return all(recorded.user_attrs.get(key) == getattr(trial, key) for key in ("fingerprint", "seconds"))


def _frozen(dimensions: Sequence[Dimension], trial: Trial, sampler_state: dict[str, Any]) -> FrozenTrial:
    frozen = optuna.trial.create_trial(
        state=_STATES[trial.state],
        value=trial.accuracy,
        params={d.key: d.suggestion(trial.values[d.key]) for d in dimensions},
        distributions={d.key: d.distribution for d in dimensions},
        user_attrs=_attributes(trial),
        system_attrs=sampler_state,
        intermediate_values=trial.curve,
    )
    if frozen.datetime_complete:
        frozen.datetime_start = frozen.datetime_complete - timedelta(seconds=trial.seconds)
    return frozen


def _attributes(trial: Trial) -> dict[str, Any]:
    return {
        "state": trial.state,
        "fingerprint": trial.fingerprint,
        "epochs": [astuple(epoch) for epoch in trial.epochs],
        "kept_epoch": trial.kept_epoch,
        "same_as": trial.same_as,
        "reason": trial.reason,
        "traceback": trial.traceback,
        "seconds": trial.seconds,
    }


def trials(study: optuna.Study, dimensions: Sequence[Dimension]) -> list[Trial]:
    """All trials of the study, in order."""
    try:
        return [_trial(frozen, dimensions) for frozen in _recorded(study)]
    except Exception as error:  # whatever reading what someone else has put there comes to
        raise SweepError(
            f"study {study.study_name} holds trials that `herbarium sweep` has not written ({in_short(error)}): delete"
            " it, or give another --storage"
        ) from error


def in_memory(study: optuna.Study, sampler: BaseSampler | None = None, first: int | None = None) -> optuna.Study:
    """A copy of the study, or of its `first` trials, that no database can take away."""
    copy = optuna.create_study(direction="maximize", sampler=sampler)
    copy.add_trials(_recorded(study)[:first])
    return copy


def note(study: optuna.Study, key: str, value: Any) -> None:
    """Keep a plain value with the study, under a name of its own."""
    patiently(lambda: study.set_user_attr(key, value))


def notes(study: optuna.Study) -> dict[str, Any]:
    return patiently(lambda: study.user_attrs)


def _recorded(study: optuna.Study) -> list[FrozenTrial]:
    return patiently(lambda: study.get_trials(deepcopy=False))


def _trial(frozen: FrozenTrial, dimensions: Sequence[Dimension]) -> Trial:
    attributes: Mapping[str, Any] = frozen.user_attrs
    return Trial(
        number=frozen.number,
        values={d.key: d.value(frozen.params[d.key]) for d in dimensions},
        accuracy=frozen.value if frozen.state == TrialState.COMPLETE else None,
        epochs=tuple(Epoch(int(row[0]), *row[1:]) for row in attributes["epochs"]),
        **{key: attributes[key] for key in attributes if key != "epochs"},
    )


def suggest(study: optuna.Study, dimensions: list[Dimension], params: Params, batch: int) -> list[Suggestion]:
    """What batch number `batch` (0, 1, …) tries: a pure function of the trials before it and sweep.seed.

    The last batch of a grid may be shorter, or empty.
    """
    start = batch * params.sweep.batch
    if params.sweep.sampler == "grid":
        return _grid(dimensions, params.sweep.seed, range(start, start + params.sweep.batch))
    seed = seeds.whole(params.sweep.seed, "sampler", batch)
    memory = in_memory(study, _sampler(params.sweep.sampler, seed), start)
    distributions = {d.key: d.distribution for d in dimensions}
    try:
        for _ in range(params.sweep.batch):
            memory.ask(distributions)
    except Exception as error:  # samplers compute with what the trials before have come to
        raise SweepError(
            f"params.yaml: sweep.sampler: {params.sweep.sampler} cannot go on after {start} trials: {in_short(error)};"
            " allowed: another sampler (which begins another sweep)"
        ) from error
    asked = memory.get_trials(deepcopy=False)[start:]
    return [Suggestion({d.key: d.value(t.params[d.key]) for d in dimensions}, t.system_attrs) for t in asked]


def _sampler(kind: str, seed: int) -> BaseSampler:
    if kind == "tpe":
        return TPESampler(seed=seed, n_startup_trials=STARTUP_TRIALS)
    if kind == "cma-es":
        return CmaEsSampler(seed=seed, warn_independent_sampling=False)
    return RandomSampler(seed=seed)


def _grid(dimensions: list[Dimension], seed: int, numbers: range) -> list[Suggestion]:
    """In random order: the first trials of a long grid should not all be from one corner."""
    order = seeds.generator(seed, "grid").permutation(space.grid_size(dimensions))
    indices = order[numbers.start : numbers.stop]
    return [Suggestion(space.combination(dimensions, int(index)), {}) for index in indices]
