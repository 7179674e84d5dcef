"""Further figures of a claim: each gets a verdict, the headline says how they went, the accuracy decides."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from pipeline.files import records
from pipeline.filing import claims, writing
from pipeline.process.errors import ConfigError
from pipeline.results.figures import Run
from pipeline.results.predictions import Predictions
from pipeline.review import conclusion, report, sentences
from pipeline.review.further import describe, judged
from pipeline.review.verdict import Outcome
from tests.filing.conftest import replicated

from .conftest import claim, commit
from .test_verify import PUBLISHED, review

EXPERIMENT = Path("experiments/digits")


@pytest.fixture
def three(repository: Path) -> Path:
    """Three seeds on record, each right on 1 of 6 test images."""
    replicated(1, 1)
    writing.file_results("digits")
    return repository


def claimed(*figures: dict) -> None:
    claim(value=1 / 6, margin=0.5, figures=figures, **{**PUBLISHED, "n": 6})
    commit("claim")


def further(metric: str, value: float, margin: float, split: str = "test", **more: object) -> dict:
    return {"metric": metric, "split": split, "value": value, "margin": margin, **more}


def test_each_has_a_verdict_and_the_headline_counts_them(three, again):
    claimed(
        further("loss", 1.4, 10.0),
        further("recall", 0.9, 0.05, **{"class": "oak"}),
        further("macro_f1", 0.5, 0.001, split="validation"),
        further("accuracy", 0.45, 0.9, split="validation", epoch=1),
    )
    again(None, None, None)
    found = review()
    assert found.outcome is Outcome.REPRODUCED
    outcomes = {one.figure: one.outcome for one in found.further}
    assert outcomes["test loss"] is Outcome.REPRODUCED
    assert outcomes["test recall of oak"] is Outcome.NOT_REPRODUCED
    assert outcomes["validation accuracy after epoch 1"] is Outcome.REPRODUCED
    headline = sentences.headline(found)
    assert headline.startswith("REPRODUCED: the accuracy is within")
    assert "; further figures: " in headline
    assert "1 NOT REPRODUCED (test recall of oak)" in headline
    text = report.as_text(found)
    assert "test recall of oak: reported 90.00 % (1 seed, 6 images), reproduced 16.67 % (3 seeds, 6 images)" in text
    content = report.as_json(found)
    assert [one["outcome"] for one in content["further"]] == [one.outcome for one in found.further]
    assert json.loads(records.canonical(content))["further"][0]["figure"] == "test loss"


def test_they_decide_neither_outcome_nor_exit_code(three, again):
    claimed(further("loss", 9.0, 0.001))
    again(None, None, None)
    found = review()
    assert (found.outcome, found.outcome.exit_code) == (Outcome.REPRODUCED, 0)
    assert found.further[0].outcome is Outcome.NOT_REPRODUCED


@pytest.mark.parametrize(("images", "same"), [("other", False), ("same", True)])
def test_published_ones_without_an_accuracy_are_of_the_claim_s_images(three, again, monkeypatch, images, same):
    """The record's accuracy is looked at then, and equal bits decide on it, but on no other figure."""
    told: dict[str, object] = {}

    def asked(_: object, runs: list, of: dict[str, bool]) -> list:
        told.update(of, seeds=len(runs))
        return []

    monkeypatch.setattr(conclusion, "judged", asked)
    figures = [further("macro_f1", 0.5, 0.05, n=6)]
    claim(value=None, n=None, margin=0.5, figures=figures, origin="published", images=images, split="test")
    commit("claim")
    again(None, None, None)
    review(seeds=3)
    assert told == {"test": same, "validation": False, "seeds": 3}


def test_what_cannot_be_told_is_inconclusive_and_said(three, again):
    claimed(further("recall", 0.5, 0.1, **{"class": "elm"}), further("loss", 1.0, 0.5, "validation", epoch=40))
    again(None, None, None)
    found = review()
    assert {one.outcome for one in found.further} == {Outcome.INCONCLUSIVE}
    text = report.as_text(found)
    assert "no such class; there are: oak" in text
    assert "the curve ends with epoch 2" in text


def right_in_both(rare: int) -> Run:
    """Of 20 images of the rare class so many are right, and 882 of 980 of the other."""
    labels = np.repeat([0, 1], [20, 980])
    right = np.concatenate([np.arange(20) < rare, np.arange(980) < 882])
    said = np.where(right, labels, 1 - labels)
    probabilities = np.where(np.eye(2)[said] == 1, 0.9, 0.1)
    return Run({"test_images": 1000}, {"test": Predictions(["rare", "other"], [""] * 1000, labels, probabilities)}, ())


@pytest.mark.parametrize(
    ("figure", "outcome"),
    [
        (further("recall", 0.9, 0.05, **{"class": "rare"}), Outcome.INCONCLUSIVE),
        (further("worst_recall", 0.9, 0.05), Outcome.INCONCLUSIVE),
        (further("balanced_accuracy", 0.9, 0.02), Outcome.INCONCLUSIVE),
        (further("macro_f1", 0.62, 0.02), Outcome.INCONCLUSIVE),
        (further("recall", 0.9, 0.05, **{"class": "other"}), Outcome.REPRODUCED),
        (further("recall", 0.9, 0.05, n=20, **{"class": "other"}), Outcome.INCONCLUSIVE),
        (further("accuracy", 0.9, 0.05), Outcome.REPRODUCED),
    ],
)
def test_equal_recalls_of_a_small_class_do_not_prove_that_seeds_agree(finished, figure, outcome):
    claim(value=0.9, n=1000, margin=0.05, figures=[figure])
    read = claims.read(EXPERIMENT / "claim.yaml")
    [found] = judged(read, [right_in_both(18)] * 3, {"test": True})
    assert found.outcome is outcome, found


def right_of_a_hundred(count: int) -> Run:
    """Of 100 images of the one class so many are right, and all of the 100 of the other."""
    labels = np.repeat([0, 1], 100)
    said = np.where(np.arange(200) < count, 0, 1)
    probabilities = np.where(np.eye(2)[said] == 1, 0.9, 0.1)
    return Run({"test_images": 200}, {"test": Predictions(["rare", "other"], [""] * 200, labels, probabilities)}, ())


@pytest.mark.parametrize("metric", ["recall", "worst_recall"])
def test_a_lucky_recall_does_not_make_itself_surer(finished, metric):
    """Exact: each number of right images has its probability, of a recall that lies on the margin."""
    of_class = {"class": "rare"} if metric == "recall" else {}
    claim(value=0.9, n=20_000, margin=0.05, figures=[further(metric, 0.98, 0.05, **of_class)])
    read = claims.read(EXPERIMENT / "claim.yaml")
    counts = np.arange(80, 101)
    found = [judged(read, [right_of_a_hundred(count)] * 10, {"test": False})[0] for count in counts]
    wrong = np.array([one.outcome is Outcome.REPRODUCED for one in found])
    assert wrong.any()
    assert stats.binom.pmf(counts, 100, 0.93)[wrong].sum() <= 0.05


def test_a_quick_look_says_nothing_of_them(three, again):
    claimed(further("loss", 1.4, 10.0))
    again(None, computed=())
    assert review(cached=True).further == ()


def test_a_claim_without_any_is_read_as_it_is(three, again):
    commit("claim")
    again(None, None, None)
    found = review()
    assert found.further == ()
    assert "further" not in sentences.headline(found)


@pytest.mark.parametrize(
    ("figure", "message"),
    [
        (further("precision", 0.5, 0.1), "figures: 1: metric: found 'precision'; allowed: accuracy"),
        (further("recall", 0.5, 0.1), "recall names a class"),
        (further("macro_f1", 0.5, 0.1, **{"class": "oak"}), "recall names a class"),
        (further("accuracy", 0.5, 0.1, epoch=3), "curves are of"),
        (further("macro_f1", 0.5, 0.1, "validation", epoch=3), "curves are of"),
        (further("accuracy", 50.0, 0.1), "fractions, unless the metric is loss"),
        ({"metric": "loss"}, "figures: 1: split: missing; allowed: validation"),
        (further("loss", 0.5, 0.1, sigma=1), "figures: 1: sigma: unknown key; allowed: metric, split, class"),
    ],
)
def test_a_wrong_one_is_named(finished, figure, message):
    claim(figures=[figure])
    with pytest.raises(ConfigError, match=message):
        claims.read(EXPERIMENT / "claim.yaml")


def test_one_may_not_be_listed_twice(finished):
    claim(figures=[further("loss", 1.0, 0.1, n=6), further("loss", 2.0, 0.1, n=6)])
    with pytest.raises(ConfigError, match="listed twice"):
        claims.read(EXPERIMENT / "claim.yaml")


def test_it_needs_a_number_of_images(finished):
    claim(figures=[further("loss", 1.0, 0.1)])
    with pytest.raises(ConfigError, match="has no n, nor has the claim"):
        claims.read(EXPERIMENT / "claim.yaml")


def test_what_is_shown_of_a_figure_is_what_decided_it(three):
    """Later seeds than those of the deciding look change nothing, and are not in the mean."""
    claim(value=0.9, n=1000, margin=0.05, figures=[further("accuracy", 0.9, 0.05)])
    read = claims.read(EXPERIMENT / "claim.yaml")
    [one] = judged(read, [right_in_both(18)] * 3 + [right_in_both(0)] * 7, {"test": True})
    assert (one.outcome, one.verdict.look) == (Outcome.REPRODUCED, len(one.measured.accuracies))
    assert "reproduced 90.00 % (3 seeds, 1,000 images), difference +0.00 points" in describe(one)


def test_a_claim_of_further_figures_alone_states_some(repository, three, again):
    figures = [further("macro_f1", 0.5, 0.9, n=6)]
    claim(value=None, n=None, margin=0.5, figures=figures, origin="published", images="other", split="test")
    commit("claim")
    again(None)
    assert "the figures on record (claim.yaml states no accuracy)" in sentences.headline(review())
    shutil.rmtree(EXPERIMENT / "record")
    commit("no record")
    with pytest.raises(ConfigError, match="no accuracy is claimed and nothing is on record"):
        review()
