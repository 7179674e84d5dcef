"""A sweep of other code, data or parameters is another sweep, and says so."""

from collections.abc import Callable
from typing import Any

import optuna
import pytest
from sqlalchemy.exc import OperationalError

from pipeline.files import paths, records
from pipeline.identity import fingerprint
from pipeline.params.schema import Params
from pipeline.sweep import patience, plans, promote
from pipeline.sweep.plans import Plan
from pipeline.sweep.study import SweepError
from tests.small_data import write_index

from .conftest import finished, sweeping

Planned = Callable[[Params], Plan]


@pytest.fixture
def before(planned: Planned, params: Params) -> Plan:
    """A sweep that has been run."""
    plan = planned(params)
    finished(plan)
    return plan


def test_other_code_begins_anew_and_is_named(before: Plan, params: Params, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprint, "training_code", lambda: "other")
    plan = plans.of(params)
    assert plan.trials() == []
    assert plan.news == f"changed since {before.study.study_name} (10 trials): the code that trains"


def test_nothing_is_promoted_from_a_sweep_of_other_code(
    before: Plan, params: Params, monkeypatch: pytest.MonkeyPatch, outcome: Callable[..., None]
) -> None:
    promote.promote(plans.of(params, create=False), "best")
    monkeypatch.setattr(fingerprint, "training_code", lambda: "other")
    with pytest.raises(SweepError, match=rf"no sweep of .*; changed since {before.study.study_name} .*the code that"):
        plans.of(params, create=False)
    outcome(
        "the code that trains is changed",
        "sweep, promote",
        "another study; nothing is promoted",
        changes=1,
    )


def test_a_database_that_is_away_is_waited_for_here_too(
    before: Plan, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "_FIRST_PAUSE_SECONDS", 0.01)
    asked, answers = optuna.get_all_study_summaries, iter([OperationalError("SELECT 1", {}, Exception("away"))])

    def unsteady(*arguments: Any, **options: Any) -> Any:
        for error in answers:
            raise error
        return asked(*arguments, **options)

    monkeypatch.setattr(optuna, "get_all_study_summaries", unsteady)
    assert plans.of(sweeping(params, seed=5)).news == f"changed since {before.study.study_name} (10 trials): the search"


def test_all_that_has_changed_is_named_and_the_nearest_sweep_is_meant(before: Plan, params: Params) -> None:
    nearer = plans.of(sweeping(params, seed=5))
    assert nearer.news.endswith("(10 trials): the search")
    finished(nearer)
    records.write_json(paths.CLASSES, ["null", "one"])
    write_index(train={"images.npy": "other"})
    news = plans.of(sweeping(params, seed=5)).news
    assert news == (
        f"changed since {nearer.study.study_name} (10 trials): images, labels or activations and names of the classes"
    )


def grouped(*places: int) -> None:
    """Put some images of training into one group."""
    rows = [(f"train-{place}.png", "dark", "plant" if place in places else "", "train") for place in range(37)]
    records.write_csv(paths.SPLIT_TABLE, ["name", "class", "group", "split"], rows)


def test_other_groups_are_another_sweep_where_it_is_over_folds(planned: Planned, params: Params) -> None:
    """They are in no parameter that is read for training, and what is held out together follows from them."""
    over_folds = sweeping(params, folds=3)
    plan, without = planned(over_folds), planned(params)
    finished(plan)
    grouped(0, 3, 4)
    assert plans.of(over_folds).news == (
        f"changed since {plan.study.study_name} (10 trials): which images are held out together"
    )
    assert plans.of(params).study.study_name == without.study.study_name
    grouped()
    assert plans.of(over_folds).study.study_name == plan.study.study_name


def test_a_sweep_that_goes_on_and_the_very_first_have_no_news(before: Plan, params: Params) -> None:
    assert before.news == plans.of(params).news == ""
    other_data = params.model_copy(update={"data": params.data.model_copy(update={"name": "other"})})
    assert plans.of(other_data).news == ""
