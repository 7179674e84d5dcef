"""The first seed with one thing changed: shown beside the seeds, and without a say in the verdict."""

from pathlib import Path

import pytest

from pipeline.identity import determinism
from pipeline.params import config
from pipeline.process.errors import ConfigError, DataError, MachineError
from pipeline.review import perturbed, report
from pipeline.review.verdict import Outcome
from tests import shipped

from .test_verify import filed, review


def params(**compute: object):
    found = config.check(shipped.content(), "params.yaml")
    return found.model_copy(update={"compute": found.compute.model_copy(update=compute)})


def test_one_thing_is_changed_and_named():
    (threads,) = perturbed.variations(params(threads=2), ["threads"], 0)
    assert threads.what == "with threads 1 instead of 2"
    assert threads.params == params(threads=1)
    (more,) = perturbed.variations(params(threads=1), ["threads", "threads"], 0)
    assert more.params.compute.threads == 2
    (precision,) = perturbed.variations(params(precision="bfloat16"), ["precision"], 0)
    assert precision.params.compute.precision == "float32"


def test_a_processor_that_cannot_is_refused_before_anything_runs(monkeypatch):
    def refuse(flags: object, gpus: int) -> None:
        raise MachineError("compute.precision: bfloat16 needs another")

    monkeypatch.setattr(determinism, "check_bfloat16", refuse)
    with pytest.raises(MachineError, match="bfloat16"):
        perturbed.variations(params(precision="float32"), ["precision"], 0)


def test_draws_of_the_split_differ_in_their_seed_alone():
    own = params()
    draws = perturbed.variations(own, [], 3)
    seeds = [draw.params.data.splitting.seed for draw in draws]
    assert seeds == [own.data.splitting.seed + 1 + k for k in range(3)]
    for draw in draws:
        assert draw.split
        assert draw.params.data.splitting.method != "slices"
        assert draw.params.data.splits == own.data.splits
        assert draw.params.model_dump(exclude={"data"}) == own.model_dump(exclude={"data"})


def test_what_cannot_be_varied_is_refused(filed):
    with pytest.raises(ConfigError, match="--vary: found weather; allowed: precision, threads"):
        review(vary=("weather",))
    with pytest.raises(ConfigError, match="leave out --cached"):
        review(cached=True, resplit=2)


def test_whole_splits_of_the_source_have_no_other_draw():
    own = params()
    splits = own.data.splits.model_copy(update={"train": "train", "validation": "validation", "test": "test"})
    whole = own.model_copy(update={"data": own.data.model_copy(update={"splits": splits})})
    with pytest.raises(
        ConfigError, match=r"--resplit: data\.splits are whole splits of the source \(train, validation"
    ):
        perturbed.variations(whole, [], 1)


def test_what_cannot_be_run_takes_no_verdict_with_it(filed, again, monkeypatch):
    ran, original, said = again(None), perturbed.rerun.run, []

    def run(*given):
        if ran:
            raise DataError("a class has no image for training")
        return original(*given)

    monkeypatch.setattr(perturbed.rerun, "run", run)
    found = review(said=said, resplit=1)
    assert found.outcome is Outcome.REPRODUCED
    assert found.perturbed == ()
    assert "could not be run: a class has no image for training" in said[-1]
    assert "could not be run: a class has no image for training" in found.notes[-1]


def test_they_are_shown_and_decide_nothing(filed, again, monkeypatch):
    ran = again(None)
    plain = review()
    again_with = iter([5 / 6, 3 / 6, 4 / 6])
    original = perturbed.rerun.run

    def run(copy, params, seed, say, elsewhere):
        found = original(copy, params, seed, say, elsewhere)
        if len(ran) == 1:
            return found
        seed_ = found.seed.__class__(**{**found.seed.__dict__, "test_accuracy": next(again_with)})
        return found.__class__(**{**found.__dict__, "seed": seed_})

    ran.clear()
    monkeypatch.setattr(perturbed.rerun, "run", run)
    found = review(vary=("threads",), resplit=2)
    assert ran == [1, 1, 1, 1]
    assert found.outcome is plain.outcome is Outcome.REPRODUCED
    assert [one.accuracy for one in found.perturbed] == [5 / 6, 3 / 6, 4 / 6]
    text = report.as_text(found)
    assert "with threads" in text
    assert "test accuracy 83.33 %, +66.67 points (6 images; decides nothing)" in text
    assert "over draws of the split ± 25.46 points (3), over seeds unknown (one)" in text
    assert Path("experiments/digits").exists()


__all__ = ["filed"]
