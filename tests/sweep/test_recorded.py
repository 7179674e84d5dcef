"""A trial is added whole, under its number, by one sweep; nothing that a study holds is run."""

import pickle
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import optuna
import pytest

from pipeline.params.schema import Params
from pipeline.results.trials import Trial
from pipeline.sweep import coordinator, recorded, space, study
from pipeline.sweep.coordinator import Listener
from pipeline.sweep.plans import Plan
from pipeline.sweep.study import SweepError
from tests.servers import postgresql

from .conftest import BY_FORMULA, finished, sweeping, table

Planned = Callable[..., Plan]
TRIALS = 20


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "SQLite":
        yield f"sqlite:///{folder}/race.db"
    else:
        with postgresql() as server:
            yield server.create("race")


@pytest.mark.parametrize("kind", ["SQLite", pytest.param("PostgreSQL", marks=pytest.mark.slow)])
def test_two_that_add_at_once_add_every_number_once(
    kind: str, params: Params, tmp_path: Path, outcome: Callable[..., None]
) -> None:
    """Both see as many trials as there are, then add: as two sweeps do that end a trial together."""
    dimensions, barrier, refused = space.of(params), threading.Barrier(2, timeout=60), []

    def add_all(mine: optuna.Study) -> None:
        for number in range(TRIALS):
            barrier.wait()
            assert len(mine.get_trials(deepcopy=False)) == number
            barrier.wait()
            trial = Trial(number, "complete", space.first(dimensions), "f", 0.5, seconds=1.0)
            try:
                recorded.add(mine, dimensions, trial)
            except SweepError:
                refused.append(number)

    with database(kind, tmp_path) as url:
        study.open_study("race", url)
        threads = [threading.Thread(target=add_all, args=(study.open_study("race", url),)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = recorded.trials(study.open_study("race", url), dimensions)
    assert [trial.number for trial in found] == list(range(TRIALS))
    assert sorted(refused) == list(range(TRIALS))
    outcome(
        "two sweeps of one study add at once", f"study in {kind}", "every number once, the other is told", trials=TRIALS
    )


def test_two_sweeps_at_once_leave_one_undisturbed_study(planned: Planned, params: Params, tmp_path: Path) -> None:
    expected, storage = finished(planned(params)), f"sqlite:///{tmp_path}/both.db"
    plans, barrier, stopped = [planned(params, storage) for _ in range(2)], threading.Barrier(2, timeout=60), []

    def sweep(plan: Plan) -> None:
        barrier.wait()
        try:
            coordinator.run(plan, BY_FORMULA, Listener())
        except SweepError as error:
            stopped.append(str(error))

    threads = [threading.Thread(target=sweep, args=(plan,)) for plan in plans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all("another sweep writes" in message for message in stopped)
    assert len(stopped) < 2
    assert table(planned(params, storage)) == expected


class Payload:
    def __reduce__(self) -> tuple:
        return Path("run").touch, ()


def test_nothing_a_study_holds_is_unpickled(
    planned: Planned, params: Params, tmp_path: Path, outcome: Callable[..., None]
) -> None:
    """Optuna keeps the state of CMA-ES as pickles beside the trials: who can write there could run code."""
    params = sweeping(params, sampler="cma-es", trials=12)
    expected, storage = finished(planned(params)), f"sqlite:///{tmp_path}/foreign.db"
    begun = planned(params, storage, trials=6)
    coordinator.run(begun, BY_FORMULA, Listener())
    for trial in begun.study.get_trials(deepcopy=False):
        assert trial.system_attrs == {}
        with optuna.storages.RDBStorage(storage).engine.begin() as connection:
            connection.exec_driver_sql(
                "insert into trial_system_attributes (trial_id, key, value_json) values (?, 'cma:optimizer:0', ?)",
                (trial._trial_id, f'"{pickle.dumps(Payload()).hex()}"'),
            )
    assert finished(planned(params, storage)) == expected
    assert not Path("run").exists()
    outcome("a study from elsewhere with code in it", "sweep, cma-es", "never read", payloads=6)


def test_trials_that_someone_else_has_put_into_the_study_are_refused(planned: Planned, params: Params) -> None:
    plan = planned(params)
    elsewhere = optuna.load_study(study_name=plan.study.study_name, storage=study.default_storage())
    elsewhere.add_trial(optuna.trial.create_trial(value=0.5))
    with pytest.raises(SweepError, match=rf"study {plan.study.study_name} holds trials that `herbarium sweep` has not"):
        coordinator.run(plan, BY_FORMULA, Listener())
