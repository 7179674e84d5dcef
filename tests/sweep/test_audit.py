from collections.abc import Callable

import pytest

from pipeline.files import paths, records
from pipeline.params.schema import Params
from pipeline.results.trials import top
from pipeline.sweep import audit, coordinator
from pipeline.sweep.coordinator import Listener
from pipeline.sweep.outcomes import Configuration, Outcome
from pipeline.sweep.plans import Plan

from .conftest import BY_FORMULA, formula, sweeping, working

Planned = Callable[[Params], Plan]


def test_fresh_seeds_follow_from_the_sweeps_seed(params: Params) -> None:
    seeds = audit.fresh_seeds(sweeping(params, audit_seeds=5))
    assert len(set(seeds)) == 5
    assert params.train.seed not in seeds
    assert audit.fresh_seeds(sweeping(params, audit_seeds=3)) == seeds[:3]
    assert audit.fresh_seeds(sweeping(params, seed=9)) != seeds[:2]


def test_the_best_are_trained_again(planned: Planned, params: Params) -> None:
    plan = planned(params)
    done = coordinator.run(plan, BY_FORMULA, Listener())
    audits = audit.run(plan, done, BY_FORMULA)
    assert [entry.number for entry in audits] == [trial.number for trial in top(done, 2)]
    entry = audits[0]
    assert entry.optimism == entry.accuracy - sum(entry.accuracies) / 2
    assert entry.sd == pytest.approx(abs(entry.accuracies[0] - entry.accuracies[1]) / 2**0.5)
    audit.write(audits)
    first = paths.AUDIT.read_bytes()
    assert records.read_json(paths.AUDIT)[0]["mean"] == entry.mean
    audit.write(audit.run(plan, done, BY_FORMULA))
    assert paths.AUDIT.read_bytes() == first


def test_an_interrupted_audit_goes_on(planned: Planned, params: Params) -> None:
    plan = planned(params)
    done = coordinator.run(plan, BY_FORMULA, Listener())
    trained: list[str] = []

    @working
    def stopping(configuration: Configuration) -> Outcome:
        if len(trained) == 3:
            trained.append("stop")
            raise KeyboardInterrupt
        trained.append(configuration["fingerprint"])
        return formula(configuration)

    with pytest.raises(KeyboardInterrupt):
        audit.run(plan, done, stopping)
    audits = audit.run(plan, done, stopping)
    assert len(trained) == 5
    assert [len(entry.accuracies) for entry in audits] == [2, 2]


def test_trainings_that_fail_are_left_out(planned: Planned, params: Params) -> None:
    plan = planned(sweeping(params, audit_top=1))
    done = coordinator.run(plan, BY_FORMULA, Listener())

    @working
    def execute(configuration: Configuration) -> Outcome:
        if configuration["params"]["train"]["seed"] == audit.fresh_seeds(plan.params)[0]:
            return {"state": "failed", "reason": "diverged"}
        return formula(configuration)

    (entry,) = audit.run(plan, done, execute)
    assert len(entry.seeds) == len(entry.accuracies) == 1
    assert entry.sd is None
    assert "with 1 fresh seeds" in audit.describe(entry)


def test_nothing_to_audit(planned: Planned, params: Params) -> None:
    plan = planned(sweeping(params, audit_top=0))
    done = coordinator.run(plan, BY_FORMULA, Listener())
    assert audit.run(plan, done, BY_FORMULA) == []
