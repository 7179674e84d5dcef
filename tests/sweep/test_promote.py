from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.files import paths
from pipeline.params import config
from pipeline.params.schema import Params
from pipeline.sweep import audit, coordinator, plans, promote
from pipeline.sweep.coordinator import Listener
from pipeline.sweep.plans import Plan
from pipeline.sweep.study import SweepError
from pipeline.tracking import address
from pipeline.tracking.store import connect, conversation
from pipeline.tracking.sweeps import SweepRun
from pipeline.tracking.trial_runs import NotATrialError
from tests.small_data import write_index

from .conftest import BY_FORMULA, sweeping

Planned = Callable[..., Plan]


def test_only_the_values_change(project: Path) -> None:
    before = paths.PARAMS.read_text().splitlines()
    values = {"train.learning_rate": 0.000012345678901234567, "head.units": [64, 32], "train.optimizer": "sgd"}
    promote.write(paths.PARAMS, values)
    after = paths.PARAMS.read_text().splitlines()
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert [line.split(":")[0].strip() for line in changed] == ["units", "optimizer", "learning_rate"]
    assert all("#" in line for line in changed)
    found = config.load()
    assert found.train.learning_rate == 0.000012345678901234567
    assert (found.head.units, found.train.optimizer) == ([64, 32], "sgd")


def test_null_and_back(project: Path) -> None:
    before = paths.PARAMS.read_bytes()
    promote.write(paths.PARAMS, {"train.early_stopping_patience": 3})
    assert config.load().train.early_stopping_patience == 3
    promote.write(paths.PARAMS, {"train.early_stopping_patience": None})
    assert paths.PARAMS.read_bytes() == before


def test_promotion_says_what_it_did(planned: Planned, project: Path, params: Params) -> None:
    plan = planned(params)
    done = coordinator.run(plan, BY_FORMULA, Listener())
    best = audit.recommended(done, audit.run(plan, done, BY_FORMULA))
    text = promote.promote(plan, "best")
    assert f"train.learning_rate: 0.001 → {best.values['train.learning_rate']}" in text
    assert f"validation accuracy of trial {best.number}: {best.accuracy:.4f}" in text
    assert "selection optimism" in text
    written = config.load()
    assert written.train.learning_rate == best.values["train.learning_rate"]
    assert written.head.dropout == best.values["head.dropout"]


def test_wrong_trials_are_refused(planned: Planned, params: Params) -> None:
    plan = planned(sweeping(params, pruner="median", trials=12))
    with pytest.raises(SweepError, match="no trial of the sweep is complete yet"):
        promote.promote(plan, "best")
    done = coordinator.run(plan, BY_FORMULA, Listener())
    for wrong in ("12", "worst", "-1"):
        with pytest.raises(SweepError, match="allowed: best, a number from 0 to 11, a run ID"):
            promote.promote(plan, wrong)
    pruned = next(trial for trial in done if trial.state == "pruned")
    with pytest.raises(SweepError, match="was pruned"):
        promote.promote(plan, str(pruned.number))


def test_a_sweep_that_does_not_exist_is_named(planned: Planned, params: Params) -> None:
    planned(params)
    with pytest.raises(SweepError, match=r"no sweep of the present params\.yaml"):
        plans.of(sweeping(params, seed=5), create=False)


def test_that_no_sweep_was_made_is_said_before_features_are_missed(project: Path, params: Params) -> None:
    with pytest.raises(
        SweepError, match=r"optuna\.db: not found, so there is no sweep to promote from: run `herbarium s"
    ):
        plans.of(params, create=False)
    assert not (project / "optuna.db").exists()


def test_other_data_are_refused(planned: Planned, params: Params) -> None:
    plan = planned(params)
    coordinator.run(plan, BY_FORMULA, Listener())
    write_index(train={"images.npy": "other"})
    with pytest.raises(SweepError, match="other code, on other data or another machine"):
        promote.promote(plan, "best")


def test_a_run_in_mlflow_is_promoted_by_its_id(planned: Planned, project: Path, params: Params) -> None:
    plan = planned(params)
    with SweepRun(pytest.fail) as shown:
        shown.started(plan.study.study_name, params)
        for trial in coordinator.run(plan, BY_FORMULA, Listener())[:3]:
            shown.ended(trial, plan.params_of(trial))
    with conversation(address.tracking_uri(params.tracking)):
        store = connect(params.tracking)
        runs = {run.data.tags.get("trial"): run.info.run_id for run in store.client.search_runs([store.experiment_id])}
        other = store.client.create_run(store.experiment_id).info.run_id
    promote.promote(plan, runs["1"])
    assert config.load().head.dropout == plan.trials()[1].values["head.dropout"]
    for run_id, complaint in (
        (runs[None], "is a sweep; allowed: a trial's run"),
        (other, "is not one of a sweep; allowed"),
        ("0" * 32, "not found in MLflow at sqlite:"),
    ):
        with pytest.raises(NotATrialError, match=complaint):
            promote.promote(plan, run_id)
    with pytest.raises(SweepError, match=f"is trial 1 of sweep {plan.study.study_name}; params.yaml as it is now"):
        promote.promote(planned(sweeping(params, seed=5)), runs["1"])
