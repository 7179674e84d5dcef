"""Decides what is tried, batch by batch, and records what came of it, in the order of trials: the one that does.

The sequence of trials follows from params.yaml and the data alone: not from the number of workers, not from who is
faster, not from how often the sweep was interrupted.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import optuna

from pipeline.files import paths
from pipeline.params.schema import Params
from pipeline.results.history import Epoch
from pipeline.results.trials import COMPLETE, FAILED, Trial, top
from pipeline.sweep import pruning, space, study
from pipeline.sweep.executors import Executor
from pipeline.sweep.space import Dimension
from pipeline.sweep.study import Suggestion, SweepError


@dataclass(frozen=True)
class Plan:
    """A sweep that can be begun or gone on with: its study, and how many trials there are to be in total."""

    params: Params
    dimensions: list[Dimension]
    study: optuna.Study
    total: int

    @property
    def keys(self) -> list[str]:
        return [dimension.key for dimension in self.dimensions]

    def trials(self) -> list[Trial]:
        """The trials that have ended so far, in order."""
        return study.trials(self.study, self.dimensions)

    def params_of(self, trial: Trial) -> Params:
        return space.configured(self.params, trial.values)

    def model(self, fingerprint: str) -> Path:
        """Where the trained part of a trial is kept while it is among the best."""
        return paths.SWEEPS / str(self.study.study_name) / f"{fingerprint[:32]}.keras"


@dataclass(frozen=True)
class Candidate:
    """A trial that has been decided: everything a worker needs to know."""

    number: int
    suggestion: Suggestion
    params: Params
    fingerprint: str
    thresholds: dict[int, float]


@dataclass
class Listener:
    """Whom to tell: `begun` when candidates go to the workers, `ended` for each trial, in order."""

    begun: Callable[[Sequence[Candidate]], None] = field(default=lambda _: None)
    ended: Callable[[Trial], None] = field(default=lambda _: None)


def plan(params: Params, storage: str | None = None, trials: int | None = None, create: bool = True) -> Plan:
    """Open the sweep of `params`. Raises ConfigError for a wrong space, SweepError if the storage cannot be used.

    `trials` overrides sweep.trials. With `create` False a sweep that does not exist raises SweepError.
    """
    dimensions = space.of(params)
    opened = study.open_study(study.name(params, dimensions), storage or study.default_storage(), create)
    total = trials or params.sweep.trials
    if params.sweep.sampler == "grid":
        total = min(total, space.grid_size(dimensions))
    return Plan(params, dimensions, opened, total)


def run(plan: Plan, execute: Executor, listener: Listener) -> list[Trial]:
    """Run trials until there are `plan.total`; returns all. Raises SweepError when too many have failed."""
    done = plan.trials()
    _check_failures(plan, done)
    while len(done) < plan.total:
        number = len(done) // plan.params.sweep.batch
        for trial in _run_batch(plan, execute, done, number, listener):
            done.append(trial)
            listener.ended(trial)
            _check_failures(plan, done)
        _keep_best_models(plan, done)
    return done


def _run_batch(
    plan: Plan, execute: Executor, done: Sequence[Trial], number: int, listener: Listener
) -> Iterator[Trial]:
    """Run what is missing of a batch; yields its trials in order, each when it has been recorded."""
    start = number * plan.params.sweep.batch
    candidates = decide(plan, done[:start], number)[len(done) - start : plan.total - start]
    # Looked up are complete trials, and any trial of this batch: its thresholds are the same.
    known = {t.fingerprint: t for t in done if t.state == COMPLETE or t.number >= start}
    new = {c.fingerprint: c for c in reversed(candidates) if c.fingerprint not in known}
    submitted = [c for c in candidates if new.get(c.fingerprint) is c]
    listener.begun(submitted)
    results = execute([_configuration(plan, c, done[:start]) for c in submitted])
    for candidate in candidates:
        twin = known.get(candidate.fingerprint)
        trial = _looked_up(candidate, twin) if twin else _ended(candidate, next(results))
        known.setdefault(trial.fingerprint, trial)
        study.add(plan.study, plan.dimensions, trial, candidate.suggestion.sampler_state)
        yield trial


def decide(plan: Plan, before: Sequence[Trial], number: int) -> list[Candidate]:
    """The candidates of batch `number`, given all trials `before` it."""
    start = number * plan.params.sweep.batch
    suggestions = study.suggest(plan.study, plan.dimensions, plan.params, number)
    return [_candidate(plan, before, start + i, suggestion) for i, suggestion in enumerate(suggestions)]


def _candidate(plan: Plan, before: Sequence[Trial], number: int, suggestion: Suggestion) -> Candidate:
    params = space.configured(plan.params, suggestion.values)
    epochs = params.train.warmup_epochs + params.train.epochs
    thresholds = pruning.thresholds(plan.params.sweep.pruner, before, number, epochs)
    return Candidate(number, suggestion, params, study.fingerprint(params), thresholds)


def _configuration(plan: Plan, candidate: Candidate, before: Sequence[Trial]) -> dict[str, Any]:
    """Plain data for `worker.run_trial`; a model worse than those already kept is not even written."""
    kept = plan.params.sweep.keep_models
    best = top(before, kept)
    full = len(best) == kept
    return {
        "params": candidate.params.model_dump(),
        "fingerprint": candidate.fingerprint,
        "thresholds": candidate.thresholds,
        "model": str(plan.model(candidate.fingerprint)) if kept else None,
        "model_above": best[-1].accuracy if full and best else -1.0,
    }


def _ended(candidate: Candidate, result: Mapping[str, Any]) -> Trial:
    epochs = tuple(Epoch(*row) for row in result.get("epochs", []))
    outcome = {key: value for key, value in result.items() if key != "epochs"}
    return Trial(
        candidate.number,
        values=candidate.suggestion.values,
        fingerprint=candidate.fingerprint,
        epochs=epochs,
        **outcome,
    )


def _looked_up(candidate: Candidate, twin: Trial) -> Trial:
    return Trial(
        candidate.number,
        twin.state,
        candidate.suggestion.values,
        twin.fingerprint,
        twin.accuracy,
        twin.epochs,
        twin.kept_epoch,
        same_as=twin.number if twin.same_as is None else twin.same_as,
        reason=twin.reason,
    )


def _check_failures(plan: Plan, done: Sequence[Trial]) -> None:
    failed = [trial for trial in done if trial.state == FAILED]
    if len(failed) > plan.params.sweep.failures:
        last = failed[-1]
        raise SweepError(
            f"{len(failed)} of {len(done)} trials failed, sweep.failures allows {plan.params.sweep.failures}; the last,"
            f" trial {last.number}: {last.reason}. The tracebacks are in MLflow. Mend the cause, or raise"
            " sweep.failures to go on"
        )


def _keep_best_models(plan: Plan, done: Sequence[Trial]) -> None:
    kept = {plan.model(trial.fingerprint) for trial in top(done, plan.params.sweep.keep_models)}
    folder = paths.SWEEPS / plan.study.study_name
    for path in sorted(folder.glob("*.keras")) if folder.exists() else []:
        if path not in kept:
            path.unlink()
