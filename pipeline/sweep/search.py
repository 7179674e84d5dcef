"""What is tried next: it follows from what came of earlier trials, from which are under way, and from a seed.

The memory of a sampler is a study in this process, rebuilt from the record whenever a sweep goes on.
"""

from bisect import insort
from collections.abc import Container, Sequence
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, CmaEsSampler, RandomSampler, TPESampler
from optuna.storages import InMemoryStorage
from optuna.trial import FrozenTrial, TrialState

from pipeline.identity import seeds
from pipeline.params.sweep_section import Sweep
from pipeline.process.notices import in_short
from pipeline.results.trials import Trial
from pipeline.sweep import space, states
from pipeline.sweep.dimensions import Dimension
from pipeline.sweep.study import SweepError

STARTUP_TRIALS = 8  # tried at random before TPE begins to learn
BEST, LATEST = 25, 1000  # a sampler learns from these: TPE models 25 good trials, and hardly counts the oldest others


class Search:
    """Proposes values, trial after trial. `proposed` and `ended` are called in the order of trials."""

    def __init__(self, settings: Sweep, dimensions: Sequence[Dimension], starts: Sequence[dict[str, Any]] = ()) -> None:
        self._settings, self._dimensions = settings, list(dimensions)
        self._distributions: dict[str, BaseDistribution] = {d.key: d.distribution for d in dimensions}
        self._memory = _Memory()
        self._study = optuna.create_study(storage=self._memory, direction="maximize", sampler=RandomSampler(seed=0))
        self._grid = _order(settings, self._dimensions) if settings.sampler == "grid" else None
        self._starts = list(starts)

    def propose(self, number: int) -> dict[str, Any]:
        """The values of trial `number`, the next one."""
        if self._grid is not None:
            return space.combination(self._dimensions, int(self._grid[number]))
        if number < len(self._starts):
            self._run(self._starts[number])
            return self._starts[number]
        kind = self._settings.sampler
        self._study.sampler = _sampler(kind, seeds.whole(self._settings.seed, "sampler", number))
        try:
            asked = self._study.ask(self._distributions)
        except Exception as error:  # samplers compute with what the trials before have come to
            raise SweepError(
                f"params.yaml: sweep.sampler: {kind} cannot go on after {number} trials: {in_short(error)}; allowed:"
                " another sampler (which begins another sweep)"
            ) from error
        return {d.key: d.value(asked.params[d.key]) for d in self._dimensions}

    def repeat(self, number: int, values: dict[str, Any]) -> None:
        """Trial `number`, the next one, was decided before: `values` are what it has.

        CMA-ES has a state that only proposing brings forward; it is not read from anywhere.
        """
        if self._settings.sampler == "cma-es":
            self.propose(number)
        elif self._grid is None:
            self._run(values)

    def _run(self, values: dict[str, Any]) -> None:
        params = {d.key: d.suggestion(values[d.key]) for d in self._dimensions}
        self._study.add_trial(
            optuna.trial.create_trial(state=TrialState.RUNNING, params=params, distributions=self._distributions)
        )

    def ended(self, trial: Trial) -> None:
        """Learn what came of a trial that was proposed, or repeated."""
        if self._grid is not None:
            return
        if trial.curve:  # its last value is what a pruned trial is ranked by
            last = max(trial.curve)
            self._memory.set_trial_intermediate_value(trial.number, last, trial.curve[last])
        self._study.tell(trial.number, trial.score, states.OF_TRIAL[trial.state])
        self._memory.rank(trial)


class _Memory(InMemoryStorage):  # type: ignore[misc]
    """One study, its trials' numbers being their IDs; shows the BEST and the LATEST, so each takes the same time."""

    def __init__(self) -> None:
        super().__init__()
        self._best: list[tuple[float, int]] = []

    def rank(self, trial: Trial) -> None:
        if trial.score is not None:
            insort(self._best, (-trial.score, trial.number))
            del self._best[BEST:]

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        trials: list[FrozenTrial] = super().get_all_trials(study_id, deepcopy=False)
        first = max(0, len(trials) - LATEST)
        older = sorted(number for _, number in self._best if number < first)
        shown = [*(trials[number] for number in older), *trials[first:]]
        return [trial for trial in shown if states is None or trial.state in states]


def _sampler(kind: str, seed: int) -> BaseSampler:
    if kind == "tpe":
        return TPESampler(seed=seed, n_startup_trials=STARTUP_TRIALS)
    if kind == "cma-es":
        return CmaEsSampler(seed=seed, warn_independent_sampling=False)
    return RandomSampler(seed=seed)


def _order(settings: Sweep, dimensions: list[Dimension]) -> np.ndarray:
    """Of a grid's combinations: at random, as the first trials of a long one should not all be from one corner."""
    return seeds.generator(settings.seed, "grid").permutation(space.grid_size(dimensions))
