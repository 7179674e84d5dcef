"""Sweeps that look for something else than validation accuracy: found, pruned, recorded, promoted, audited by it."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.files import paths, records
from pipeline.model import cross_validation, division, features, fit, losses, training
from pipeline.params import config
from pipeline.params.schema import Params
from pipeline.process.errors import CombinationError, ConfigError
from pipeline.results import objectives, sweep_settings, trials
from pipeline.results.trials import Trial
from pipeline.sweep import audit, audited, command, coordinator, plans, promote, study, worker
from pipeline.sweep.coordinator import Listener
from pipeline.sweep.outcomes import Configuration, Outcome
from pipeline.sweep.plans import Plan
from pipeline.sweep.pruning import Pruner

from .conftest import formula, sweeping, working
from .test_worker import configurations, timeless

Planned = Callable[[Params], Plan]


@working
def contrary(configuration: Configuration) -> Outcome:
    """What is worst by accuracy is best by what is looked for."""
    outcome = formula(configuration)
    if outcome["state"] != "complete":
        return outcome
    return {**outcome, "measured": 1 - outcome["accuracy"], "steps": [[1, 0.1], [2, 1 - outcome["accuracy"]]]}


def test_the_best_by_the_objective_is_kept_recorded_promoted_and_audited(
    planned: Planned, params: Params, project: Path
) -> None:
    plan = planned(sweeping(params, objective="macro_f1"))
    done = coordinator.run(plan, contrary, Listener())
    best = trials.best(done)
    assert best
    assert best.accuracy == min(trial.accuracy or 1.0 for trial in done)
    assert plan.trials() == [dataclasses.replace(t, traceback="") for t in done]  # as the study has them
    assert plan.trials()[best.number].curve == {1: 0.1, 2: best.measured}
    trials.write(paths.TRIALS, done, plan.keys, plan.objective)
    (row,) = [row for row in records.read_csv(paths.TRIALS) if row["number"] == str(best.number)]
    assert float(row["validation_macro_f1"]) == best.measured
    assert float(row["validation_accuracy"]) == best.accuracy
    audits = audit.run(plan, done, contrary)
    assert audits[0].number == best.number
    assert audits[0].accuracy == best.measured
    audited.write(audits)
    (first, _) = records.read_json(paths.AUDIT)
    assert first["validation_macro_f1"] == best.measured
    assert first["mean"] == pytest.approx(np.mean(first["values"]))
    assert audits[0].interval
    assert set(audited.values(audits[0])) >= {"validation_macro_f1_mean", "selection_optimism"}
    said = command.summary(plan, done, audits)
    assert f"best: trial {best.number}, macro F1 of the validation images {best.measured:.4f} with " in said
    assert f"macro F1 of the validation images of trial {best.number}: {best.measured:.4f}" in promote.promote(
        plan, str(best.number)
    )


def test_what_was_asked_for_is_noted_with_the_trials_and_no_audit_of_others_stays(
    planned: Planned, params: Params, project: Path
) -> None:
    """The record of a winner is made later, when params.yaml may ask for something else."""
    plan = plans.of(sweeping(params, objective="macro_f1"), trials=4)
    records.write_json(paths.AUDIT, [{"trial": 0}])
    command.write(plan, coordinator.run(plan, contrary, Listener()))
    assert sweep_settings.read() == plan.params.sweep.model_dump() | {"trials": 4}
    assert not paths.AUDIT.exists()
    records.write_csv(paths.TRIALS, ["number"], [])
    assert sweep_settings.read() is None


def test_another_objective_is_another_sweep_and_the_usual_one_has_the_name_it_had(
    planned: Planned, params: Params
) -> None:
    def search(**values: object) -> str:
        changed = sweeping(params, **values)
        return study.parts(changed, planned(changed).dimensions)["search"]

    hashed = params.hashed(include={"sweep": {"objective", "folds"}})
    assert hashed.get("sweep", {}) == {}
    assert len({search(), search(objective="macro_f1"), search(folds=3), search(folds=5)}) == 4


def test_a_figure_is_that_of_the_network_that_is_kept(trained: Planned, params: Params) -> None:
    plan = trained(sweeping(params, objective="balanced_accuracy"))
    configuration = {**configurations(plan)[0], "model": None}
    outcome = worker.run_trial(configuration)
    again = training.run(plan.params.model_validate(configuration["params"]))
    held = features.examples("validation", again.assembled, plan.params)
    shares = np.exp(losses.log_probabilities(fit.logits(again.assembled.trained, held.inputs)))
    assert outcome["measured"] == objectives.value("balanced_accuracy", held.labels, shares)
    assert [number for number, _ in outcome["steps"]] == [row[0] for row in outcome["epochs"] if row[0]]
    assert outcome["steps"][-1][1] == outcome["measured"]
    assert timeless(worker.run_trial(configuration)) == timeless(outcome)
    stopped = worker.run_trial({**configuration, "thresholds": {1: 2.0}})
    assert (stopped["state"], len(stopped["steps"])) == ("pruned", 1)


def test_where_weights_are_averaged_a_trial_is_pruned_by_what_it_is_scored_by(
    trained: Planned, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The figure here is what the right classes are given, in which any other weights show."""
    monkeypatch.setattr(objectives, "value", lambda _, labels, shares: float(shares[range(len(labels)), labels].mean()))
    content = sweeping(params, objective="balanced_accuracy").model_dump()
    content["train"] |= {"ema": 0.9, "early_stopping_patience": None}
    outcome = worker.run_trial(configurations(trained(config.check(content, "params.yaml")))[0])
    assert outcome["steps"][-1][1] == outcome["measured"]


def test_over_folds_a_trial_is_the_mean_of_a_cross_validation(trained: Planned, params: Params) -> None:
    plan = trained(sweeping(params, objective="macro_f1", folds=3))
    plans.check_folds(plan.params)
    configuration = configurations(plan)[0]
    outcome = worker.run_trial(configuration)
    found = []
    own = plan.params.model_validate(configuration["params"])
    divided = division.of_project(3, 1, plan.params.sweep.seed)
    cross_validation.run(lambda _: own, divided, {}, lambda result, _: found.append(result))
    assert outcome["measured"] == pytest.approx(np.mean([fold.macro_f1 for fold in found]), abs=1e-12)
    assert outcome["accuracy"] == pytest.approx(np.mean([fold.accuracy for fold in found]), abs=1e-12)
    assert outcome["steps"][0] == (1, found[0].macro_f1)
    assert len(outcome["steps"]) == 3
    stopped = worker.run_trial({**configuration, "thresholds": {2: 2.0}})
    assert (stopped["state"], stopped["steps"]) == ("pruned", outcome["steps"][:2])
    assert not paths.SWEEPS.exists()  # of three networks none is the trial's


def over_folds(number: int, *means: float, state: str = "complete") -> Trial:
    return Trial(number, state, {}, f"{number}", 0.5, measured=means[-1], steps=tuple(enumerate(means, start=1)))


def test_hopeless_configurations_stop_after_some_folds() -> None:
    pruner = Pruner("median", over_folds=True)
    for number, value in enumerate([0.5, 0.6, 0.7, 0.8, 0.9]):
        pruner.ended(over_folds(number, value, value - 0.1, value - 0.2))
    assert pruner.thresholds(9, 3) == pytest.approx({1: 0.7, 2: 0.6})  # as they were then, not the best before


def test_over_folds_nothing_is_audited_and_it_is_said(planned: Planned, params: Params) -> None:
    plan = planned(sweeping(params, folds=4))
    done = coordinator.run(plan, contrary, Listener())
    assert audit.run(plan, done, contrary) == []
    assert audit.NONE_OVER_FOLDS in command.summary(plan, done, [])
    assert "accuracy over 4 folds" in command.summary(plan, done, [])


def test_folds_that_cannot_be_are_named(trained: Planned, params: Params) -> None:
    with pytest.raises(ConfigError, match=r"sweep\.folds: found 1; allowed: 0, or 2 to 20"):
        sweeping(params, folds=1)
    trained(params)
    with pytest.raises(CombinationError, match=r"params\.yaml: sweep\.folds: found 20; class 'grey' has 18 images"):
        plans.check_folds(sweeping(params, folds=20))
