"""Whatever happens to it, a sweep is the same sequence of trials. Trainings are a formula here."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from optuna.samplers import TPESampler

from pipeline.files import paths, records
from pipeline.params.schema import Params
from pipeline.results.trials import Trial
from pipeline.sweep import coordinator, recorded
from pipeline.sweep.coordinator import Listener
from pipeline.sweep.decisions import Decisions
from pipeline.sweep.executors import Pending, Workers
from pipeline.sweep.outcomes import Configuration, Outcome
from pipeline.sweep.plans import Plan
from pipeline.sweep.study import SweepError
from tests.small_data import write_index

from .conftest import BY_FORMULA, epoch_row, finished, formula, sweeping, table, working

GRID = {
    "train.learning_rate": {"choices": [1e-4, 1e-3, 1e-2]},
    "train.optimizer": {"choices": ["sgd", "adam"]},
    "train.unfrozen_layers": {"low": 0, "high": 2},
}
VARIANTS = [
    ("tpe", "none"),
    ("tpe", "median"),
    ("tpe", "percentile"),
    ("random", "hyperband"),
    ("grid", "median"),
    ("cma-es", "none"),
]
Planned = Callable[..., Plan]


def variant(params: Params, sampler: str, pruner: str) -> Params:
    space = {"space": GRID} if sampler == "grid" else {}
    return sweeping(params, sampler=sampler, pruner=pruner, trials=18 if space else 12, **space)


def interrupted_after(count: int) -> Callable[[Trial], None]:
    ended = []

    def listen(trial: Trial) -> None:
        ended.append(trial)
        if len(ended) == count:
            raise KeyboardInterrupt

    return listen


@pytest.mark.parametrize(("sampler", "pruner"), VARIANTS)
def test_a_resumed_sweep_equals_an_uninterrupted_one(
    planned: Planned, params: Params, sampler: str, pruner: str, tmp_path: Path
) -> None:
    params = variant(params, sampler, pruner)
    expected = finished(planned(params))
    for stop in (1, 8):
        storage = f"sqlite:///{tmp_path}/{stop}.db"
        with pytest.raises(KeyboardInterrupt):
            coordinator.run(planned(params, storage), BY_FORMULA, Listener(ended=interrupted_after(stop)))
        assert len(planned(params, storage).trials()) == stop
        assert finished(planned(params, storage)) == expected
    assert (",pruned," in expected) == (pruner != "none")


def test_a_larger_total_goes_on_where_the_smaller_ended(planned: Planned, params: Params, tmp_path: Path) -> None:
    expected = finished(planned(params, trials=11))
    for total in (4, 7, 11):
        found = finished(planned(params, f"sqlite:///{tmp_path}/other.db", trials=total))
    assert found == expected


def test_workers_and_timing_change_nothing(planned: Planned, params: Params, tmp_path: Path) -> None:
    params = sweeping(params, batch=4, pruner="median")
    expected = finished(planned(params))

    def in_its_time(configuration: Configuration) -> Outcome:
        time.sleep(int(configuration["fingerprint"], 16) % 10 / 500)
        return formula(configuration)

    for threads in (2, 4):
        with ThreadPoolExecutor(threads) as pool:
            many = Workers(lambda c: Pending(pool.submit(in_its_time, c).result), lambda c: Pending(lambda: formula(c)))
            plan = planned(params, f"sqlite:///{tmp_path}/{threads}.db")
            coordinator.run(plan, many, Listener())
        assert table(plan) == expected


@pytest.mark.parametrize("sampler", ["tpe", "random", "cma-es"])
def test_a_trial_is_decided_from_those_up_to_the_lag_before_it_and_from_no_other(
    planned: Planned, params: Params, sampler: str
) -> None:
    """As soon as one has been recorded, one more is decided: no worker waits for a whole batch."""
    plan = planned(sweeping(params, sampler=sampler, pruner="median", batch=3))
    told: list[str] = []
    done = coordinator.run(
        plan, BY_FORMULA, Listener(lambda c: told.append(f"+{c.number}"), lambda t: told.append(f"-{t.number}"))
    )
    assert told[:7] == ["+0", "+1", "+2", "-0", "+3", "-1", "+4"]
    for number in range(10):
        decisions = Decisions(plan, done[:number])
        candidate = decisions.next(done[: max(0, number - 2)])  # the two before it are under way
        assert candidate.values == done[number].values
    with pytest.raises(SweepError, match="trial 9 cannot be decided after 6 trials: 7 are needed"):
        Decisions(plan, done[:9])._learn(done[:6])


def test_other_seeds_and_batches_are_other_sweeps(planned: Planned, params: Params) -> None:
    names = {
        planned(other).study.study_name
        for other in (
            params,
            sweeping(params, seed=2),
            sweeping(params, batch=4),
            sweeping(params, sampler="random"),
            sweeping(params, pruner="median"),
            params.model_copy(update={"train": params.train.model_copy(update={"epochs": 9})}),
        )
    }
    assert len(names) == 6
    space = dict(reversed(params.sweep.space.items()))  # in which order values are drawn, and combinations counted
    assert planned(sweeping(params, space=space)).study.study_name not in names
    searched = params.model_copy(update={"head": params.head.model_copy(update={"dropout": 0.11})})
    assert planned(searched).study.study_name == planned(params).study.study_name
    assert planned(sweeping(params, trials=99, failures=9, audit_top=0)).study.study_name in names


def test_other_data_are_another_sweep(planned: Planned, params: Params) -> None:
    before = planned(params).study.study_name
    write_index(train={"images.npy": "other"})
    assert planned(params).study.study_name != before


def test_a_grid_ends_when_everything_was_tried(planned: Planned, params: Params) -> None:
    plan = planned(sweeping(params, sampler="grid", space=GRID, trials=1000, batch=7))
    finished(plan)
    tried = [tuple(trial.values.values()) for trial in plan.trials()]
    assert len(tried) == len(set(tried)) == 18


def test_the_same_configuration_is_trained_once(planned: Planned, params: Params) -> None:
    trained: list[str] = []

    def work(configuration: Configuration) -> Outcome:
        trained.append(configuration["fingerprint"])
        return formula(configuration)

    space = {"train.optimizer": {"choices": ["sgd", "adam"]}}
    plan = planned(sweeping(params, space=space, trials=9))
    done = coordinator.run(plan, working(work), Listener())
    assert len(trained) == len(set(trained)) == 2
    originals = [trial for trial in done if trial.same_as is None]
    assert len(originals) == 2
    for trial in done:
        twin = done[trial.number if trial.same_as is None else trial.same_as]
        assert (trial.accuracy, trial.epochs) == (twin.accuracy, twin.epochs)


@working
def FAILING(configuration: Configuration) -> Outcome:  # noqa: N802 - workers, as BY_FORMULA
    if configuration["params"]["train"]["optimizer"] != "adam":
        return formula(configuration)
    return {"state": "failed", "reason": "diverged", "traceback": "Traceback", "epochs": [epoch_row(0, 0.1)]}


def test_failed_trials_are_recorded_and_the_sweep_goes_on(planned: Planned, params: Params) -> None:
    plan = planned(sweeping(params, failures=10))
    done = coordinator.run(plan, FAILING, Listener())
    failed = [trial for trial in done if trial.state == "failed"]
    assert len(done) == 10
    assert failed
    assert all((t.reason, t.traceback, t.accuracy) == ("diverged", "Traceback", None) for t in failed)


def test_too_many_failures_end_the_sweep_saying_why(planned: Planned, params: Params) -> None:
    plan = planned(sweeping(params, failures=1))
    for _ in range(2):  # asked again, it says so again without trying anything
        with pytest.raises(SweepError, match=r"2 of \d+ trials failed, sweep.failures allows 1; .* diverged"):
            coordinator.run(plan, FAILING, Listener())
    many = planned(sweeping(params, failures=10))
    assert len(coordinator.run(many, FAILING, Listener())) == 10


def test_two_sweeps_of_one_study_are_noticed(planned: Planned, params: Params) -> None:
    plan = planned(params)

    def intrude(trial: Trial) -> None:
        recorded.add(plan.study, plan.dimensions, Trial(1, "complete", trial.values, "f", 0.5))

    with pytest.raises(SweepError, match="another sweep writes"):
        coordinator.run(plan, BY_FORMULA, Listener(ended=intrude))


def test_only_the_best_models_are_kept(planned: Planned, params: Params) -> None:
    def saving(configuration: Configuration) -> Outcome:
        result = formula(configuration)
        if result["accuracy"] > configuration["model_above"]:
            records.write_text(Path(configuration["model"]), "a model")
        return result

    plan = planned(sweeping(params, keep_models=2, trials=9))
    leftover = plan.model("of a trial that was under way when a sweep was killed")
    records.write_text(leftover, "a model")
    most = []
    done = coordinator.run(plan, working(saving), Listener(ended=lambda _: most.append(len(list(_models())))))
    assert max(most) <= 2 + 3 + 1  # the best, those that ended and wait to be recorded, and the leftover
    best = sorted(done, key=lambda trial: trial.accuracy)[-2:]
    assert {path.name for path in _models()} == {plan.model(t.fingerprint).name for t in best}


def _models() -> Iterator[Path]:
    return paths.SWEEPS.rglob("*.keras")


def test_storage_errors_name_the_storage_without_its_password(planned: Planned, params: Params) -> None:
    with pytest.raises(SweepError, match="cannot be used") as raised:
        planned(params, "sqlite:////nowhere/at/all.db")
    assert "/nowhere/at/all.db" in str(raised.value)
    with pytest.raises(Exception, match="--storage") as raised:
        planned(params, "postgresql://me:secret@127.0.0.1:1/x")
    assert "secret" not in str(raised.value)
    with pytest.raises(Exception, match="--storage") as raised:
        planned(params, "postgresql://me:{secret}@127.0.0.1:1/x")  # Optuna fills addresses in as templates
    assert "secret" not in str(raised.value)


def test_a_sampler_that_fails_is_named(planned: Planned, params: Params, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise FloatingPointError("a singular matrix")

    plan = planned(params)
    monkeypatch.setattr(TPESampler, "infer_relative_search_space", fail)
    with pytest.raises(SweepError, match=r"sweep\.sampler: tpe cannot go on after 0 trials: FloatingPointError: a"):
        coordinator.run(plan, BY_FORMULA, Listener())


def test_features_must_be_there(planned: Planned, params: Params) -> None:
    paths.FEATURES_INDEX.unlink()
    with pytest.raises(SweepError, match="dvc repro extract-features"):
        planned(params)
