"""One review at a time: what is decided by which look, what is said of it, what is never decided."""

import numpy as np
import pytest

from pipeline.results import over_seeds
from pipeline.results.seeds import Measured
from pipeline.review import power
from pipeline.review.verdict import Outcome, Question, judge

REPORTED = Measured((0.85,), 10_000, 1)


def measured(*values: float, images: int = 10_000) -> Measured:
    return Measured(values, images, len(values))


def spread_over(count: int, mean: float = 0.85, spread: float = 0.002) -> Measured:
    points = np.linspace(-1, 1, count)
    return measured(*(mean + spread * points / points.std(ddof=1)))


@pytest.mark.parametrize(
    ("mean", "outcome"),
    [(0.85, Outcome.REPRODUCED), (0.95, Outcome.NOT_REPRODUCED), (0.75, Outcome.NOT_REPRODUCED)],
)
def test_clear_cases_are_decided_too_good_ones_as_well(mean, outcome):
    verdict = judge(spread_over(3, mean), Question(REPORTED, 0.03, same_images=True))
    assert (verdict.outcome, verdict.look) == (outcome, 3)


def test_one_seed_against_one_figure_decides_nothing():
    """Neither shows how far seeds spread; not even a difference of forty points is a finding about the recipe yet."""
    for value in (0.85, 0.45):
        verdict = judge(measured(value), Question(REPORTED, 0.03, same_images=True))
        assert (verdict.outcome, verdict.look, verdict.inner) == (Outcome.INCONCLUSIVE, None, None)


def test_one_seed_against_several_is_a_look():
    question = Question(spread_over(5), 0.03, same_images=True)
    assert question.plan.looks == (1, 3, 5, 10)
    assert judge(measured(0.45), question).outcome is Outcome.NOT_REPRODUCED


def test_the_first_look_that_decides_counts_whatever_comes_after():
    early = spread_over(3).accuracies
    question = Question(REPORTED, 0.03, same_images=True)
    alone = judge(measured(*early), question)
    assert judge(measured(*early, 0.2, 0.3), question) == alone


def test_seeds_between_two_looks_change_nothing():
    values = (0.80, 0.85, 0.90, 0.851, 0.852)
    question = Question(REPORTED, 0.02, same_images=True)
    assert judge(measured(*values[:4]), question) == judge(measured(*values[:3]), question)
    assert judge(measured(*values), question).look == 5


def test_the_intervals_are_those_that_decide():
    verdict = judge(spread_over(3), Question(REPORTED, 0.03, same_images=True))
    assert -0.03 < verdict.inner[0] < 0 < verdict.inner[1] < 0.03
    assert verdict.outer[0] < verdict.inner[0]
    assert verdict.difference == pytest.approx(0, abs=1e-12)


def test_other_images_widen_the_interval():
    few = Measured((0.85,), 400, 1)
    ours = measured(*spread_over(3).accuracies, images=400)
    same, other = (judge(ours, Question(few, 0.03, same_images=same)) for same in (True, False))
    assert other.inner[1] > same.inner[1]
    assert other.outcome is Outcome.INCONCLUSIVE


def test_it_is_the_same_whichever_side_is_the_single_value():
    several, one = np.array([0.84, 0.86, 0.87]), np.array([0.85])
    forth, back = over_seeds.difference(several, one), over_seeds.difference(one, several)
    assert forth.half_width(0.05) == back.half_width(0.05)


def test_exit_codes_are_nobody_else_s():
    """1 is an error, 2 a wrong call of the command."""
    assert {outcome: outcome.exit_code for outcome in Outcome} == {
        Outcome.REPRODUCED: 0,
        Outcome.NOT_REPRODUCED: 10,
        Outcome.INCONCLUSIVE: 11,
        Outcome.INTACT: 12,
    }


# What can be found out at all, and what helps


def test_as_many_seeds_as_it_advises_decide():
    ours, question = spread_over(3, spread=0.004), Question(REPORTED, 0.02, same_images=True)
    assert judge(ours, question).outcome is Outcome.INCONCLUSIVE
    said = power.advice(ours, question)
    assert "(--seeds 5)" in said
    assert judge(spread_over(5, spread=0.004), question).outcome is Outcome.REPRODUCED


def continued(ours: Measured, seeds: int) -> Measured:
    """As many more that mean and spread stay: above and below the mean in turn, and one on it of an odd number."""
    more = seeds - len(ours.accuracies)
    step = np.std(ours.accuracies, ddof=1) * (more / (more // 2 * 2)) ** 0.5
    turns = [ours.mean + step * sign for sign in (1, -1) * (more // 2)]
    return measured(*ours.accuracies, *turns, *[ours.mean] * (more % 2), images=ours.images)


@pytest.mark.parametrize(
    ("ours", "question", "advised"),
    [
        (measured(0.6665, 0.6761, 0.6614), Question(Measured((0.6707,), 10_000, 1), 0.03, False), 10),
        (measured(0.6665, 0.6761, 0.6614), Question(Measured((0.6707,), 10_000, 1), 0.03, False, 5), 5),
        (measured(0.833, 0.827, 0.830), Question(REPORTED, 0.02, True), None),
        (measured(0.861, 0.851, 0.856), Question(REPORTED, 0.02, True, 100), 20),
    ],
)
def test_the_seeds_it_advises_decide_and_no_fewer(ours, question, advised):
    """Looks before it are made on the first seeds, in the order they have."""
    seeds, _ = power._deciding(ours, question, question.plan.looks[1:]) or (None, "")
    assert seeds == advised
    for look in question.plan.looks[1:]:
        undecided = judge(continued(ours, look), question).outcome is Outcome.INCONCLUSIVE
        assert undecided == (advised is None or look < advised)


def test_one_seed_has_the_spread_of_reported_seeds_that_are_known():
    question = Question(spread_over(10, spread=0.004), 0.02, same_images=True)
    assert power.advice(measured(0.85), question).startswith("one seed leaves it open; 3 seeds may decide")


@pytest.mark.parametrize(
    ("ours", "question", "said"),
    [
        (spread_over(10, spread=0.05), Question(REPORTED, 0.02, True), "all seeds that were declared"),
        (spread_over(3, mean=0.87, spread=0.01), Question(REPORTED, 0.02, True), "more seeds would not decide"),
        (measured(0.85), Question(REPORTED, 0.02, True), r"3 seeds may decide \(--seeds 3\)"),
        (
            measured(0.85, images=180),
            Question(Measured((0.85,), 180, 1), 0.005, False),
            "no number of seeds can confirm",
        ),
    ],
)
def test_advice_that_cannot_help_is_not_given(ours, question, said):
    import re

    found = power.advice(ours, question)
    assert re.search(said, found)
    assert ("--seeds" in found) == ("--seeds" in said)


def test_the_chance_to_confirm_is_that_of_the_images_where_seeds_do_not_spread():
    """1,000 and 1,000 images, ± 3 points, error 1.30, on the margin 1.39: P(|Z| < (3 - 1.645 × 1.39) / 1.30)."""
    question = Question(Measured((0.907,), 1000, 1), 0.03, same_images=False)
    found = power.chances(question, 1000, spread=0.0)
    assert found[10] == pytest.approx(0.42, abs=0.04)
    assert found[3] <= found[5] <= found[10]
    assert power.chances(question, 1000, spread=0.01)[10] < found[10]


def test_the_spread_that_is_allowed_is_that_at_which_four_of_five_are_confirmed():
    question = Question(REPORTED, 0.01, same_images=True)
    allowed = power.spread_allowed(question, 10_000, 10)
    assert power.chances(question, 10_000, allowed)[10] == pytest.approx(0.8, abs=0.03)
    assert power.spread_allowed(question, 10_000, 3) < allowed
    assert power.spread_allowed(Question(Measured((0.9,), 100, 1), 0.01, False), 100, 10) == 0


@pytest.mark.parametrize(
    ("question", "images", "spread", "said"),
    [
        (Question(Measured((0.85,), 180, 1), 0.005, False), 180, None, "no number of seeds can confirm it"),
        (Question(Measured((0.907,), 1000, 1), 0.03, False), 1000, None, "no more perfect reproductions than this"),
        (Question(REPORTED, 0.01, True), 10_000, None, "four of five are confirmed if single seeds spread"),
        (Question(spread_over(3), 0.01, True), 10_000, 0.002, "as those on record do"),
        (Question(REPORTED, 0.01, True, most_seeds=1), 10_000, None, "nothing can decide"),
    ],
)
def test_what_can_be_found_out_is_said_beforehand(question, images, spread, said):
    assert said in " ".join(power.describe(question, images, spread))


@pytest.mark.parametrize(("same", "reason"), [(True, "finer than single images tell"), (False, "luck of other images")])
def test_other_images_are_blamed_only_where_they_are_other(same, reason):
    published = Measured((0.9,), 100, 1)
    assert reason in power.obstacle(published, Question(published, 0.005, same, 10))
