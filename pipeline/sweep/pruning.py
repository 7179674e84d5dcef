"""When a trial is not worth finishing: thresholds fixed before it starts, from trials that had finished by then.

They travel with the configuration, so a trial ends the same way whichever worker runs it and whatever else is running.
The rule is one for all: a trial stops at an epoch if its best validation accuracy so far is below that epoch's
threshold.
"""

from collections.abc import Iterable, Mapping
from statistics import median

from pipeline.results.trials import COMPLETE, FAILED, Trial

WARM_UP_TRIALS = 4  # a median of fewer says little
WARM_UP_SHARE = 0.2  # of the epochs: at the start slow learners look like bad ones
REDUCTION = 3  # of `hyperband`: one in three goes on at each rung


def thresholds(pruner: str, finished: Iterable[Trial], number: int, epochs: int) -> dict[int, float]:
    """Epoch → lowest validation accuracy to go on with, for trial `number` of at most `epochs` epochs.

    `finished` are the trials that had ended when `number` was decided.
    """
    own = [trial for trial in finished if trial.same_as is None and trial.state != FAILED]
    if pruner == "median":
        return _median([t for t in own if t.state == COMPLETE], epochs)
    return _hyperband(own, number, epochs) if pruner == "hyperband" else {}


def best_so_far(curve: Mapping[int, float]) -> dict[int, float]:
    """Epoch → the highest value up to and including it."""
    best, highest = {}, float("-inf")
    for epoch in sorted(curve):
        highest = max(highest, curve[epoch])
        best[epoch] = highest
    return best


def _median(complete: list[Trial], epochs: int) -> dict[int, float]:
    """Golovin et al. 2017 (Google Vizier), section 3.1.1, with the running best in place of the running mean."""
    if len(complete) < WARM_UP_TRIALS:
        return {}
    curves = [best_so_far(trial.curve) for trial in complete]
    found = {}
    for epoch in range(max(1, round(WARM_UP_SHARE * epochs)), epochs):
        values = [curve[epoch] for curve in curves if epoch in curve]
        if len(values) >= WARM_UP_TRIALS:
            found[epoch] = median(values)
    return found


def _hyperband(own: list[Trial], number: int, epochs: int) -> dict[int, float]:
    """Li et al. 2018, without waiting for a rung to fill (Li et al. 2020, ASHA).

    Rungs are at 1, 3, 9, … epochs; bracket s begins at rung s; trials take brackets in turn.
    """
    rungs = _rungs(epochs)
    bracket = number % max(1, len(rungs))
    rivals = [best_so_far(t.curve) for t in own if t.number % max(1, len(rungs)) == bracket]
    found = {}
    for rung in rungs[bracket:]:
        values = sorted((curve[rung] for curve in rivals if rung in curve), reverse=True)
        if values:
            found[rung] = values[max(1, (len(values) + 1) // REDUCTION) - 1]
    return found


def _rungs(epochs: int) -> list[int]:
    rungs = [1]
    while rungs[-1] * REDUCTION < epochs:
        rungs.append(rungs[-1] * REDUCTION)
    return rungs if epochs > 1 else []
