"""When a trial is not worth finishing: thresholds fixed before it starts, from trials that had finished by then.

They travel with the configuration, so a trial ends the same way whichever worker runs it and whatever else is running.
The rule is one for all: a trial stops at an epoch if the best of its objective so far is below that epoch's threshold;
over folds, after a fold if the mean of the folds so far, which are the same images for all, is below that fold's.
"""

from bisect import insort
from collections import defaultdict
from collections.abc import Mapping

from pipeline.results.trials import COMPLETE, FAILED, Trial

SHARES = {"median": 0.5, "percentile": 0.25}  # of complete trials that a trial must not be below
WARM_UP_TRIALS = 4  # a median of fewer says little
WARM_UP_SHARE = 0.2  # of the epochs: at the start slow learners look like bad ones
REDUCTION = 3  # of `hyperband`: one in three goes on at each rung
_RUNGS = [REDUCTION**power for power in range(12)]  # epochs

Curve = Mapping[int, float]


class Pruner:
    """Learns from trials as they end; what it knows is kept sorted, so thresholds cost the same after many trials."""

    def __init__(self, kind: str, over_folds: bool = False) -> None:
        self._kind = kind
        self._running = dict if over_folds else best_so_far
        self._complete: dict[int, list[float]] = defaultdict(list)  # epoch → values, ascending
        self._rivals: list[tuple[int, Curve]] = []  # number and curve of trials that were trained
        self._brackets: dict[int, _Brackets] = {}  # by how many there are

    def ended(self, trial: Trial) -> None:
        if trial.same_as is not None or trial.state == FAILED:
            return
        curve = self._running(trial.curve)
        if self._kind in SHARES and trial.state == COMPLETE:
            for epoch, value in curve.items():
                insort(self._complete[epoch], value)
        elif self._kind == "hyperband":
            self._rivals.append((trial.number, curve))
            for brackets in self._brackets.values():
                brackets.add(trial.number, curve)

    def thresholds(self, number: int, epochs: int) -> dict[int, float]:
        """Epoch → lowest objective to go on with, for trial `number` of at most `epochs` epochs, or folds."""
        if self._kind in SHARES:
            return self._quantiles(SHARES[self._kind], epochs)
        return self._hyperband(number, epochs) if self._kind == "hyperband" else {}

    def _quantiles(self, share: float, epochs: int) -> dict[int, float]:
        """Golovin et al. 2017 (Google Vizier), section 3.1.1, with the running best in place of the running mean."""
        counted = range(max(1, round(WARM_UP_SHARE * epochs)), epochs)
        known = {epoch: self._complete[epoch] for epoch in counted if epoch in self._complete}
        return {epoch: _quantile(values, share) for epoch, values in known.items() if len(values) >= WARM_UP_TRIALS}

    def _hyperband(self, number: int, epochs: int) -> dict[int, float]:
        """Li et al. 2018, without waiting for a rung to fill (Li et al. 2020, ASHA).

        Rungs are at 1, 3, 9, … epochs; bracket s begins at rung s; trials take brackets in turn.
        """
        rungs = _rungs(epochs)
        if not rungs:
            return {}
        if len(rungs) not in self._brackets:
            self._brackets[len(rungs)] = _Brackets(len(rungs))
            for rival, curve in self._rivals:
                self._brackets[len(rungs)].add(rival, curve)
        brackets, bracket = self._brackets[len(rungs)], number % len(rungs)
        known = {rung: brackets.values[bracket, rung] for rung in rungs[bracket:]}
        return {rung: values[-max(1, (len(values) + 1) // REDUCTION)] for rung, values in known.items() if values}


class _Brackets:
    """(bracket, epoch) → values of its trials, ascending; `count` brackets."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.values: dict[tuple[int, int], list[float]] = defaultdict(list)

    def add(self, number: int, curve: Curve) -> None:
        for rung in _RUNGS:
            if rung in curve:
                insort(self.values[number % self._count, rung], curve[rung])


def best_so_far(curve: Curve) -> dict[int, float]:
    """Epoch → the highest value up to and including it."""
    best, highest = {}, float("-inf")
    for epoch in sorted(curve):
        highest = max(highest, curve[epoch])
        best[epoch] = highest
    return best


def _quantile(values: list[float], share: float) -> float:
    """Of values in order, interpolated: `share` of them are below."""
    place, part = divmod((len(values) - 1) * share, 1)
    below, above = values[int(place)], values[min(int(place) + 1, len(values) - 1)]
    return below + (above - below) * part


def _rungs(epochs: int) -> list[int]:
    return [rung for rung in _RUNGS if rung < epochs]
