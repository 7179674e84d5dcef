import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from pipeline.files import paths, records
from pipeline.model import division
from pipeline.params import config
from pipeline.params.config import with_seed
from pipeline.params.schema import Params
from pipeline.results.trials import top
from pipeline.sweep import audit, audited, coordinator, executors
from pipeline.sweep.audited import Audited
from pipeline.sweep.coordinator import Listener
from pipeline.sweep.executors import Pending
from pipeline.sweep.outcomes import Configuration, Outcome
from pipeline.sweep.plans import Plan
from tests.small_data import COUNTS

from .conftest import BY_FORMULA, formula, sweeping, working

Planned = Callable[[Params], Plan]


def test_fresh_seeds_follow_from_the_sweeps_seed(params: Params) -> None:
    seeds = audit.fresh_seeds(sweeping(params, audit_seeds=5))
    assert len(set(seeds)) == 5
    assert params.train.seed not in seeds
    assert audit.fresh_seeds(sweeping(params, audit_seeds=3)) == seeds[:3]
    assert audit.fresh_seeds(sweeping(params, seed=9)) != seeds[:2]
    own = with_seed(sweeping(params, audit_seeds=3), seeds[0])  # by chance the first would be the trials' own
    assert audit.fresh_seeds(own) == seeds[1:4]


def test_the_best_are_trained_again(planned: Planned, params: Params) -> None:
    plan = planned(params)
    done = coordinator.run(plan, BY_FORMULA, Listener())
    audits = audit.run(plan, done, BY_FORMULA)
    assert [entry.number for entry in audits] == [trial.number for trial in top(done, 2)]
    entry = audits[0]
    assert entry.optimism == entry.accuracy - sum(entry.accuracies) / 2
    assert entry.sd == pytest.approx(abs(entry.accuracies[0] - entry.accuracies[1]) / 2**0.5)
    audited.write(audits)
    first = paths.AUDIT.read_bytes()
    assert records.read_json(paths.AUDIT)[0]["mean"] == entry.mean
    audited.write(audit.run(plan, done, BY_FORMULA))
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
    assert audit.so_far(plan, done) == []  # the first trial has two draws, the second one: no comparison
    audits = audit.run(plan, done, stopping)
    assert len(trained) == 5
    assert [len(entry.accuracies) for entry in audits] == [2, 2]


def together(*places: int) -> None:
    """Put some images of training into one group."""
    of_training = range(COUNTS["train"])
    rows = [(f"train-{place}.png", "dark", "plant" if place in places else "", "train") for place in of_training]
    records.write_csv(paths.SPLIT_TABLE, ["name", "class", "group", "split"], rows)


def test_an_audit_on_other_images_is_not_taken_for_one_on_these(planned: Planned, params: Params) -> None:
    """Which images are drawn follows from their groups, which no fingerprint of a training knows."""
    plan = planned(params)
    done = coordinator.run(plan, BY_FORMULA, Listener())
    audit.run(plan, done, BY_FORMULA)
    assert len(audit.so_far(plan, done)) == 2
    together(*range(20))
    assert audit.so_far(plan, done) == []
    assert len(audit.run(plan, done, BY_FORMULA)) == 2
    assert len(audit.trained(plan)) == 8


def test_where_no_other_images_can_be_drawn_nothing_is_audited_and_it_is_said(
    planned: Planned, params: Params, capsys: pytest.CaptureFixture
) -> None:
    plan = planned(params)
    done = coordinator.run(plan, BY_FORMULA, Listener())
    together(*range(COUNTS["train"]))
    assert audit.run(plan, done, BY_FORMULA) == audit.so_far(plan, done) == []
    assert capsys.readouterr().err.startswith("warning: no trial is audited: data.splits: too few images for training")


def test_trainings_that_fail_are_left_out(planned: Planned, params: Params, capsys: pytest.CaptureFixture) -> None:
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
    assert entry.interval is None
    assert "fresh seeds: training 1 is left out: diverged" in capsys.readouterr().err
    assert "with 1 fresh seeds" in audited.describe(entry)


def test_trials_are_compared_on_the_draws_that_all_have(planned: Planned, params: Params) -> None:
    plan = planned(params)
    done = coordinator.run(plan, BY_FORMULA, Listener())
    first, second = top(done, 2)
    of_all = Audited(first.number, 0.9, (1, 2), (0.8, 0.6), 10, 20)
    of_the_easy_draw = Audited(second.number, 0.9, (1,), (0.75,), 10, 20)
    assert of_the_easy_draw.mean > of_all.mean
    assert audit.recommended(done, [of_all, of_the_easy_draw]) == first


def test_nothing_to_audit(planned: Planned, params: Params) -> None:
    plan = planned(sweeping(params, audit_top=0))
    done = coordinator.run(plan, BY_FORMULA, Listener())
    assert audit.run(plan, done, BY_FORMULA) == []


def test_every_seed_has_images_of_its_own_and_no_trial_was_measured_on_them(trained: Planned, params: Params) -> None:
    """Through the workers that a sweep starts; a seed's draw is the same for all trials."""
    plan = trained(sweeping(params, trials=2, batch=2, audit_seeds=2))
    held: list[tuple[int, ...]] = []
    with executors.started() as workers:
        done = coordinator.run(plan, workers, Listener())
        own = workers.submit

        def submit(configuration: Configuration) -> Pending:
            fold = division.redrawn(*configuration["draw"])
            held.append(tuple(fold.held_out.tolist()))
            assert max(held[-1]) < COUNTS["train"]
            assert len(fold.trained) in (COUNTS["train"] - 1, COUNTS["train"])
            assert not set(held[-1]) & set(fold.trained.tolist())
            return own(configuration)

        audits = audit.run(plan, done, dataclasses.replace(workers, submit=submit))
    assert len(held) == 4
    assert len(set(held)) == 2
    assert not set(held[0]) & set(held[1])
    for entry in audits:
        assert entry.held_out == min(map(len, held))
        for accuracy, images in zip(entry.accuracies, held, strict=False):
            assert round(accuracy * len(images), 3) % 1 == 0


def test_the_stated_optimism_is_what_the_winner_loses_elsewhere() -> None:
    """500 sweeps of 30 trials of which none is much better: stated and true optimism agree on average, and the
    interval has the true one in it. Fresh seeds on the images that were selected on would have found a third of it."""
    random = np.random.default_rng(5)
    stated, true, of_the_seed, inside = [], [], [], 0
    for _ in range(500):
        worth = random.normal(0.85, 0.01, 30)
        on_its_images = random.normal(0, 0.025, 30)
        with_its_seed = random.normal(0, 0.01, 30)
        scores = worth + on_its_images + with_its_seed
        best = int(scores.argmax())
        other = worth[best] + random.normal(0, 0.025, 3) + random.normal(0, 0.01, 3)
        found = Audited(best, float(scores[best]), (1, 2, 3), tuple(other.tolist()), 200, 1600)
        stated.append(found.optimism)
        true.append(found.accuracy - worth[best])
        of_the_seed.append(scores[best] - worth[best] - on_its_images[best])
        assert found.interval
        inside += found.interval[0] <= true[-1] <= found.interval[1]
    error = np.std(np.subtract(stated, true)) / len(stated) ** 0.5
    assert np.mean(true) > 0.03
    assert abs(np.mean(stated) - np.mean(true)) < 4 * error
    assert np.mean(of_the_seed) < np.mean(true) / 3
    assert inside >= 0.95 * len(stated)


def test_seeds_that_agree_by_chance_do_not_make_it_certain() -> None:
    low, high = Audited(1, 0.95, (1, 2, 3), (0.9, 0.9, 0.9), 100, 800).interval or (0, 0)
    assert low < 0.03
    assert high > 0.08


def test_a_validation_split_of_its_own_is_told(params: Params) -> None:
    assert audited.remark(params) == ""
    content = params.model_dump()
    content["data"] |= {"source": "image_folder", "path": "photographs"}
    content["data"]["splits"] = {"train": "train", "validation": "validation", "test": "test"}
    assert "the validation images come as a split of their own (validation)" in audited.remark(
        config.check(content, "params.yaml")
    )
