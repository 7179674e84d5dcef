"""A database that goes away: waited for, and given up on with the sweep intact."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from optuna.exceptions import StorageInternalError
from sqlalchemy.exc import OperationalError

from pipeline.params.schema import Params
from pipeline.results.trials import Trial
from pipeline.sweep import coordinator, patience, recorded, space
from pipeline.sweep.coordinator import Listener
from pipeline.sweep.patience import StorageError, StorageUnavailableError, patiently
from pipeline.sweep.plans import Plan
from pipeline.sweep.study import SweepError
from tests.servers import postgresql

from .conftest import BY_FORMULA, finished, table

Planned = Callable[..., Plan]


def away(message: str = "the server closed the connection") -> StorageInternalError:
    error = StorageInternalError("an exception is raised during the commit")
    error.__cause__ = OperationalError("select", {}, Exception(message))
    return error


def test_an_answer_is_waited_for(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr(patience, "_FIRST_PAUSE_SECONDS", 0.01)
    failures = iter([away(), away(), None])

    def action() -> str:
        if error := next(failures):
            raise error
        return "an answer"

    assert patiently(action) == "an answer"
    (line,) = capsys.readouterr().err.splitlines()
    assert "does not answer (the server closed the connection); trying again" in line


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE_SECONDS", 0.05)

    def action() -> None:
        raise away("postgresql://me:secret@db/x is gone")

    with pytest.raises(StorageUnavailableError, match=r"postgresql://db/x is gone.*herbarium sweep") as raised:
        patiently(action)
    assert "secret" not in str(raised.value)


def test_other_errors_are_not_repeated() -> None:
    calls: list[int] = []

    def action() -> None:
        calls.append(1)
        raise StorageInternalError("invalid data")

    with pytest.raises(StorageError, match="cannot be used: StorageInternalError: invalid data"):
        patiently(action)
    assert len(calls) == 1


def test_a_lost_answer_to_the_commit_itself_ends_no_sweep(
    planned: Planned, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Optuna tries again by itself, before anybody here is asked."""
    plan = planned(params)
    dialect, lost = plan.study._storage._backend.engine.dialect, []
    commit = dialect.do_commit

    def losing(connection: object) -> None:
        commit(connection)
        if not lost:
            lost.append(1)
            raise sqlite3.OperationalError("the server closed the connection")

    monkeypatch.setattr("optuna.storages._rdb.storage.random.random", lambda: 0.0)
    monkeypatch.setattr(dialect, "do_commit", losing)
    trial = Trial(0, "complete", space.first(plan.dimensions), "f", 0.5, seconds=1.0)
    recorded.add(plan.study, plan.dimensions, trial)
    assert lost
    assert [found.number for found in plan.trials()] == [0]
    with pytest.raises(SweepError, match="another sweep writes"):
        recorded.add(plan.study, plan.dimensions, trial)


def test_a_trial_whose_answer_was_lost_is_not_added_twice(
    planned: Planned, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "_FIRST_PAUSE_SECONDS", 0.01)
    plan = planned(params)
    add_trial, lost = plan.study.add_trial, []

    def losing(frozen: object) -> None:
        add_trial(frozen)
        if not lost:
            lost.append(1)
            raise away()

    monkeypatch.setattr(plan.study, "add_trial", losing)
    done = coordinator.run(plan, BY_FORMULA, Listener())
    assert lost
    assert [trial.number for trial in done] == list(range(10))
    assert len(plan.trials()) == 10
    with pytest.raises(SweepError, match="another sweep writes"):
        recorded.add(plan.study, plan.dimensions, done[-1])


@pytest.mark.slow
def test_a_database_that_stays_away_ends_the_sweep_and_loses_nothing(
    planned: Planned, params: Params, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    expected = finished(planned(params))
    monkeypatch.setattr(patience, "PATIENCE_SECONDS", 1.0)
    with postgresql() as database:
        plan = planned(params, database.create("optuna"))

        def stop(trial: Trial) -> None:
            if trial.number == 4:
                database.stop()

        with pytest.raises(StorageUnavailableError, match="did not answer for 1 s"):
            coordinator.run(plan, BY_FORMULA, Listener(ended=stop))
        database.start()
        assert len(plan.trials()) == 5
        coordinator.run(plan, BY_FORMULA, Listener())
        assert table(plan) == expected
