"""Decides trial after trial: what it tries, and below which values of its objective it stops.

Trial n follows from the trials up to n − lag and from params.yaml, whoever ran them and however often the sweep was
interrupted; so `lag` trials can run at once, and there is nothing to recover after a kill.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.params.schema import Params
from pipeline.process.errors import ConfigError
from pipeline.results.trials import Trial
from pipeline.sweep import space, starts, study
from pipeline.sweep.plans import Plan
from pipeline.sweep.pruning import Pruner
from pipeline.sweep.search import Search
from pipeline.sweep.study import SweepError


@dataclass(frozen=True)
class Candidate:
    """A trial that has been decided: everything a worker needs to know. `params` is None if `illegal` says why."""

    number: int
    values: dict[str, Any]
    fingerprint: str
    thresholds: dict[int, float]
    params: Params | None
    illegal: str = ""


class Decisions:
    """Takes a sweep on after the trials it has, which must be complete up to those that are still to be decided."""

    def __init__(self, plan: Plan, done: Sequence[Trial]) -> None:
        self._plan = plan
        settings, begin = plan.params.sweep, starts.points(plan.params, plan.dimensions)
        self._search, self._pruner = (
            Search(settings, plan.dimensions, begin),
            Pruner(settings.pruner, settings.folds > 0),
        )
        self._learned = self.decided = 0
        for trial in done:
            self._learn(done)
            self._search.repeat(trial.number, trial.values)
            self.decided += 1

    def next(self, done: Sequence[Trial]) -> Candidate:
        """The next trial, when at least those up to `lag` before it are `done`. Raises SweepError if they are not."""
        self._learn(done)
        number = self.decided
        values = self._search.propose(number)
        self.decided += 1
        try:
            params = space.configured(self._plan.params, values)
        except ConfigError as error:
            return Candidate(number, values, "", {}, None, str(error))
        steps = params.sweep.folds or params.train.warmup_epochs + params.train.epochs
        thresholds = self._pruner.thresholds(number, steps)
        return Candidate(number, values, study.fingerprint(params), thresholds, params)

    def _learn(self, done: Sequence[Trial]) -> None:
        """Learn of the trials up to `lag` before the next: of no other, whatever has ended."""
        upto = max(0, self.decided - self._plan.lag + 1)
        if len(done) < upto:
            raise SweepError(f"trial {self.decided} cannot be decided after {len(done)} trials: {upto} are needed")
        for trial in done[self._learned : upto]:
            self._search.ended(trial)
            self._pruner.ended(trial)
        self._learned = upto
