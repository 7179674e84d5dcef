"""A search begins where it is told to, and ends when nothing is gained; both the same after an interruption."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.params.schema import Params
from pipeline.process.errors import ConfigError
from pipeline.results.trials import Trial
from pipeline.sweep import coordinator, searched
from pipeline.sweep.coordinator import Listener
from pipeline.sweep.plans import Plan

from .conftest import BY_FORMULA, finished, sweeping, table

Planned = Callable[..., Plan]
POINT = {"train.learning_rate": 3e-3, "train.optimizer": "adam", "train.unfrozen_layers": 1, "head.dropout": 0}
OTHER = {"train.learning_rate": 1e-4, "train.optimizer": "momentum", "train.unfrozen_layers": 0, "head.dropout": 0.6}


def stopping_after(count: int) -> Listener:
    ended: list[Trial] = []

    def stop(trial: Trial) -> None:
        ended.append(trial)
        if len(ended) == count:
            raise KeyboardInterrupt

    return Listener(ended=stop)


@pytest.mark.parametrize("sampler", ["tpe", "random", "cma-es"])
def test_the_points_come_first_and_are_learned_from(
    planned: Planned, params: Params, sampler: str, tmp_path: Path
) -> None:
    params = sweeping(params, sampler=sampler, start=[POINT, OTHER])
    expected = finished(planned(params))
    for stop in (1, 2, 6):
        storage = f"sqlite:///{tmp_path}/{stop}.db"
        with pytest.raises(KeyboardInterrupt):
            coordinator.run(planned(params, storage), BY_FORMULA, stopping_after(stop))
        assert finished(planned(params, storage)) == expected
    first, second, third = planned(params).trials()[:3]
    assert (first.values, second.values) == (POINT, OTHER)
    assert isinstance(first.values["head.dropout"], float)
    assert third.values not in (POINT, OTHER)
    assert planned(sweeping(params, start=[POINT])).study.study_name != planned(params).study.study_name


@pytest.mark.parametrize(
    ("start", "says"),
    [
        ([{"train.optimizer": "adam"}], r"point 1: train\.learning_rate: not found; allowed: a value of every key"),
        ([POINT, {**POINT, "train.optimiser": "adam"}], r"point 2: train\.optimiser: .*did you mean train\.optimizer"),
        ([{**POINT, "train.optimizer": "sgd"}], r"train\.optimizer: found 'sgd'; allowed: momentum, adam"),
        ([{**POINT, "train.learning_rate": 0.1}], r"train\.learning_rate: found 0\.1; allowed: 0\.0001 to 0\.01"),
        ([{**POINT, "train.unfrozen_layers": 1.5}], r"train\.unfrozen_layers: found 1\.5; allowed: 0 to 2"),
        ([{**POINT, "head.dropout": True}], r"head\.dropout: found True; allowed: 0\.0 to 0\.6"),
    ],
)
def test_points_outside_the_space_are_named(params: Params, start: list, says: str) -> None:
    with pytest.raises(
        ConfigError, match=rf"params\.yaml: sweep\.start, {says if 'point' in says else f'point 1: {says}'}"
    ):
        searched.dimensions_of(sweeping(params, start=start))


def test_a_grid_has_all_its_points_anyway(params: Params) -> None:
    space = {"train.optimizer": {"choices": ["sgd", "adam"]}}
    with pytest.raises(ConfigError, match=r"sweep\.start: found points; allowed for sweep\.sampler: grid: \[\]"):
        searched.dimensions_of(sweeping(params, sampler="grid", space=space, start=[{"train.optimizer": "sgd"}]))


def test_a_search_without_gain_ends(planned: Planned, params: Params, tmp_path: Path) -> None:
    """Always at the same trial; with more patience it goes on."""
    whole = planned(sweeping(params, trials=30), f"sqlite:///{tmp_path}/whole.db")
    everything = coordinator.run(whole, BY_FORMULA, Listener())
    patient = planned(sweeping(params, trials=30, patience=4))
    done = coordinator.run(patient, BY_FORMULA, Listener())
    accuracies = [trial.accuracy for trial in done]
    assert len(done) < 30
    assert done == everything[: len(done)]
    assert max(accuracies[-4:]) <= max(accuracies[:-4])
    assert all(max(accuracies[i - 4 : i]) > max(accuracies[: i - 4]) for i in range(5, len(done)))
    for stop in (2, len(done) - 1):
        storage = f"sqlite:///{tmp_path}/{stop}.db"
        with pytest.raises(KeyboardInterrupt):
            coordinator.run(planned(sweeping(params, trials=30, patience=4), storage), BY_FORMULA, stopping_after(stop))
        assert finished(planned(sweeping(params, trials=30, patience=4), storage)) == table(patient)
    more = planned(sweeping(params, trials=30, patience=30))
    assert more.study.study_name == patient.study.study_name
    assert coordinator.run(more, BY_FORMULA, Listener()) == everything
