import pytest

from pipeline.results.history import Epoch
from pipeline.results.trials import Trial
from pipeline.sweep import pruning
from pipeline.sweep.pruning import Pruner


def trial(number: int, accuracies: list[float], state: str = "complete", same_as: int | None = None) -> Trial:
    epochs = tuple(Epoch(i, 1.0, 0.5, 1.0, a, 1e-3) for i, a in enumerate([0.99, *accuracies]))
    return Trial(number, state, {}, f"{number}", accuracies[-1], epochs, same_as=same_as)


def thresholds(kind: str, trials: list[Trial], number: int, epochs: int) -> dict[int, float]:
    pruner = Pruner(kind)
    for ended in trials:
        pruner.ended(ended)
    return pruner.thresholds(number, epochs)


def test_best_so_far_never_falls() -> None:
    assert pruning.best_so_far({3: 0.2, 1: 0.3, 2: 0.5}) == {1: 0.3, 2: 0.5, 3: 0.5}


def test_none_never_stops() -> None:
    assert thresholds("none", [trial(i, [0.5] * 10) for i in range(9)], 9, 10) == {}


def test_the_median_needs_enough_trials_and_epochs() -> None:
    trials = [trial(i, [0.1 * i] * 10) for i in range(pruning.WARM_UP_TRIALS)]
    assert thresholds("median", trials[1:], 4, 10) == {}
    found = thresholds("median", trials, 4, 10)
    assert sorted(found) == list(range(2, 10))
    assert set(found.values()) == {0.15000000000000002}


def test_the_median_is_of_complete_trials_that_trained_themselves() -> None:
    trials = [trial(i, [0.5] * 10) for i in range(4)]
    others = [trial(4, [0.0] * 3, "pruned"), trial(5, [0.0] * 3, "failed"), trial(6, [0.9] * 10, same_as=1)]
    assert thresholds("median", [*trials, *others], 7, 10) == thresholds("median", trials, 7, 10)


def test_the_percentile_lets_all_but_the_worst_quarter_go_on() -> None:
    trials = [trial(i, [0.1 * i] * 10) for i in range(9)]
    found = thresholds("percentile", trials, 9, 10)
    assert sorted(found) == list(range(2, 10))
    assert set(found.values()) == {0.2}
    between = thresholds("percentile", trials[:4], 4, 10)
    assert between[2] == pytest.approx(0.075)


def test_epochs_that_few_reached_have_no_median() -> None:
    trials = [trial(i, [0.5] * (10 if i else 4)) for i in range(4)]
    assert sorted(thresholds("median", trials, 4, 10)) == [2, 3, 4]


def test_hyperband_lets_one_in_three_go_on() -> None:
    trials = [trial(3 * i, [0.1 * i] * 20) for i in range(6)]
    found = thresholds("hyperband", trials, 18, 20)
    assert sorted(found) == [1, 3, 9]
    assert found[1] == 0.4  # rank 2 of 6 and the new one: (6 + 1) // 3
    trials[5] = trial(15, [0.5], "pruned")
    found = thresholds("hyperband", trials, 18, 20)
    assert (found[1], found[3]) == (0.4, 0.30000000000000004)  # rung 3 has five: rank (5 + 1) // 3 = 2
    assert sorted(thresholds("hyperband", trials, 19, 20)) == []  # no rival in that bracket yet
