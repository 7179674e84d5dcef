"""Optuna still counts and adds in one transaction, and gives what is added the next number."""

import inspect
from pathlib import Path

import optuna
import pytest
from optuna.storages import RDBStorage

from pipeline.process.compat import optuna_internals
from pipeline.process.compat.optuna_internals import NumberTakenError


def numbered(number: int) -> optuna.trial.FrozenTrial:
    trial = optuna.trial.create_trial(value=0.5)
    trial.number = number
    return trial


def test_a_trial_is_added_under_its_number_or_not_at_all(tmp_path: Path) -> None:
    storage = optuna_internals.numbered_storage(f"sqlite:///{tmp_path}/optuna.db")
    study = optuna.create_study(storage=storage)
    study.add_trial(numbered(0))
    for number in (0, 2):
        with pytest.raises(NumberTakenError, match=f"trial {number} would be number 1"):
            study.add_trial(numbered(number))
    study.add_trial(numbered(1))
    assert [trial.number for trial in study.trials] == [0, 1]


def test_optuna_itself_still_adds_it_under_another_number(tmp_path: Path) -> None:
    study = optuna.create_study(storage=f"sqlite:///{tmp_path}/optuna.db")
    study.add_trial(numbered(7))
    assert study.trials[0].number == 0


def test_the_study_is_still_locked_while_one_is_added() -> None:
    source = inspect.getsource(RDBStorage._create_new_trial)
    assert "for_update=True" in source
    assert source.index("for_update=True") < source.index("self._get_prepared_new_trial(")


def test_a_trial_is_stored_as_optuna_stores_it(tmp_path: Path) -> None:
    curve = {1: 0.25, 2: float("nan"), 3: float("inf"), 4: -float("inf")}
    trial = optuna.trial.create_trial(
        value=0.5, user_attrs={"epochs": [[1, 0.25]], "reason": ""}, intermediate_values=curve
    )
    trial.number = 0
    stored = []
    for storage in (
        f"sqlite:///{tmp_path}/theirs.db",
        optuna_internals.numbered_storage(f"sqlite:///{tmp_path}/ours.db"),
    ):
        study = optuna.create_study(storage=storage)
        study.add_trial(trial)
        [found] = study.trials
        stored.append((found.state, found.value, found.user_attrs, str(found.intermediate_values)))
    assert stored[0] == stored[1]
    assert stored[1][2:] == (trial.user_attrs, str(curve))
