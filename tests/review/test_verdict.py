"""The verdict's error rates, by simulated reviews at its boundaries: a wrong decision in at most one of twenty."""

import numpy as np
import pytest

from pipeline.results import statistics
from pipeline.review.verdict import Measured, Needed, Outcome, Verdict, judge, judge_pairs, needed, overall

REVIEWS = 10_000
NOMINAL = 0.05
SLACK = 3 * (NOMINAL * (1 - NOMINAL) / REVIEWS) ** 0.5
MARGIN = 0.02


def measured(values: np.ndarray, images: int = 1000) -> Measured:
    return Measured(tuple(values.tolist()), images, len(values))


def rates(outcomes: list[Outcome]) -> dict[Outcome, float]:
    return {outcome: outcomes.count(outcome) / len(outcomes) for outcome in Outcome}


def over_seeds(ours: int, theirs: int, difference: float, spread: float = 0.006, images: int = 1000) -> dict:
    """Reviews whose true difference of means is `difference`; accuracies are whole images, as they are."""
    random = np.random.default_rng([ours, theirs])
    first = np.round(random.normal(0.85 + difference, spread, (REVIEWS, ours)) * images) / images
    second = np.round(random.normal(0.85, spread, (REVIEWS, theirs)) * images) / images
    return rates(
        [
            judge(measured(a, images), measured(b, images), MARGIN, True).outcome
            for a, b in zip(first, second, strict=True)
        ]
    )


@pytest.mark.parametrize(("ours", "theirs"), [(3, 3), (5, 2), (5, 3), (4, 1), (1, 4), (2, 2)])
@pytest.mark.parametrize("difference", [MARGIN, -MARGIN])
def test_neither_error_is_more_frequent_than_nominal_on_the_margin(ours, theirs, difference):
    found = over_seeds(ours, theirs, difference)
    assert found[Outcome.REPRODUCED] <= NOMINAL + SLACK
    assert found[Outcome.NOT_REPRODUCED] <= NOMINAL + SLACK


def test_few_images_do_not_make_seeds_that_agree_by_chance_a_proof():
    found = over_seeds(2, 2, MARGIN, spread=0.002, images=180)
    assert found[Outcome.REPRODUCED] <= NOMINAL + SLACK
    assert found[Outcome.NOT_REPRODUCED] <= NOMINAL + SLACK


def test_beyond_the_margin_reproduced_is_rarer_and_within_it_not_reproduced_is():
    assert over_seeds(3, 3, 1.5 * MARGIN)[Outcome.REPRODUCED] <= 0.01
    assert over_seeds(3, 3, 0.0)[Outcome.NOT_REPRODUCED] <= 0.001


def test_clear_cases_are_decided():
    assert over_seeds(5, 5, 0.0)[Outcome.REPRODUCED] >= 0.95
    assert over_seeds(5, 5, 3 * MARGIN)[Outcome.NOT_REPRODUCED] >= 0.95
    assert over_seeds(5, 5, -3 * MARGIN)[Outcome.NOT_REPRODUCED] >= 0.95  # too good or too bad: both are findings


@pytest.mark.parametrize("difference", [0.05, -0.05])
def test_different_images_add_their_binomial_error(difference):
    """One reported run on 1,000 images against four seeds that share 1,000 others."""
    random, n, spread, margin = np.random.default_rng(1), 1000, 0.005, 0.05
    reported = random.binomial(n, np.clip(random.normal(0.9, spread, REVIEWS), 0, 1)) / n
    level = 0.9 + difference
    shared = random.binomial(n, level, REVIEWS) / n - level
    ours = level + shared[:, None] + random.normal(0, spread, (REVIEWS, 4))
    outcomes = [
        judge(measured(a, n), Measured((float(b),), n, 1), margin, same_images=False).outcome
        for a, b in zip(ours, reported, strict=True)
    ]
    found = rates(outcomes)
    assert found[Outcome.REPRODUCED] <= NOMINAL + SLACK
    assert found[Outcome.NOT_REPRODUCED] <= NOMINAL + SLACK


@pytest.mark.parametrize("difference", [0.04, -0.04])
def test_two_networks_on_the_same_images(difference):
    """Images right by both, only one, neither, at the margin; equal tables are judged once."""
    n, margin, discordant = 400, 0.04, 0.10
    only_first, only_second = (discordant + difference) / 2, (discordant - difference) / 2
    random = np.random.default_rng(2)
    tables = random.multinomial(n, [0.8, only_first, only_second, 0.2 - discordant], REVIEWS)
    judged: dict[tuple[int, ...], Outcome] = {}
    outcomes = []
    for table in map(tuple, tables.tolist()):
        if table not in judged:
            both, first, second, neither = table
            a = np.repeat([True, True, False, False], [both, first, second, neither])
            b = np.repeat([True, False, True, False], [both, first, second, neither])
            judged[table] = judge_pairs(a, b, margin).outcome
        outcomes.append(judged[table])
    found = rates(outcomes)
    assert found[Outcome.REPRODUCED] <= NOMINAL + SLACK
    assert found[Outcome.NOT_REPRODUCED] <= NOMINAL + SLACK


@pytest.mark.parametrize("difference", [0.03, -0.03])
def test_two_networks_on_different_images(difference):
    n, margin = 2000, 0.03
    random = np.random.default_rng(3)
    counts = random.binomial(n, [0.85 + difference, 0.85], (REVIEWS, 2))
    judged = {
        pair: judge(Measured((pair[0] / n,), n, 1), Measured((pair[1] / n,), n, 1), margin, False).outcome
        for pair in set(map(tuple, counts.tolist()))
    }
    found = rates([judged[tuple(pair)] for pair in counts.tolist()])
    assert found[Outcome.REPRODUCED] <= NOMINAL + SLACK
    assert found[Outcome.NOT_REPRODUCED] <= NOMINAL + SLACK


def test_it_is_the_same_whichever_side_is_the_single_value():
    several, one = Measured((0.84, 0.86, 0.87), 180, 3), Measured((0.85,), 180, 1)
    forth, back = judge(several, one, 0.05, True), judge(one, several, 0.05, True)
    assert forth.interval == pytest.approx((-back.interval[1], -back.interval[0]))
    assert forth.outcome == back.outcome


def test_as_many_seeds_as_it_asks_for_decide_and_one_less_does_not():
    ours, theirs = Measured((0.84, 0.86, 0.88), 10_000, 3), Measured((0.85, 0.87, 0.86, 0.855, 0.865), 10_000, 5)
    verdict = judge(ours, theirs, 0.02, True)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    seeds = needed(verdict, ours, theirs, True).seeds
    assert seeds is not None
    assert seeds > 3

    def outcome(count: int) -> Outcome:
        points = np.linspace(-1, 1, count)
        values = ours.mean + np.std(ours.accuracies, ddof=1) * points / points.std(ddof=1)
        return judge(measured(values, 10_000), theirs, 0.02, True).outcome

    assert outcome(seeds) is not Outcome.INCONCLUSIVE
    assert outcome(seeds - 1) is Outcome.INCONCLUSIVE


def test_no_number_of_seeds_decides_against_one_uncertain_figure():
    ours, theirs = Measured((0.80, 0.85, 0.90), 10_000, 3), Measured((0.85,), 10_000, 1)
    verdict = judge(ours, theirs, 0.02, True)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert needed(verdict, ours, theirs, True) == Needed()


def test_as_many_images_as_it_asks_for_decide():
    right = np.arange(100) % 10 != 0
    other = np.arange(100) % 10 != 1
    verdict = judge_pairs(right, other, 0.05)
    one = Measured((0.9,), 100, 1)
    images = needed(verdict, one, one, True).images
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert images is not None
    copies = -(-images // 100) + 1
    assert judge_pairs(np.tile(right, copies), np.tile(other, copies), 0.05).outcome is Outcome.REPRODUCED


def test_with_whole_degrees_of_freedom_it_is_welch_s_interval():
    a, b = (0.84, 0.86, 0.87), (0.85, 0.87, 0.88)  # equal spreads: Welch's four degrees of freedom
    verdict = judge(Measured(a, 1000, 3), Measured(b, 1000, 3), 0.05, True)
    assert verdict.interval == pytest.approx(statistics.welch_interval(a, b, 0.9))


def test_it_is_never_narrower_than_welch_s_interval():
    random = np.random.default_rng(4)
    for ours, theirs in ((3, 5), (2, 4), (7, 3)):
        a, b = random.normal(0.9, 0.01, ours), random.normal(0.9, 0.02, theirs)
        low, high = judge(measured(a), measured(b), 0.05, True).interval
        welch_low, welch_high = statistics.welch_interval(a.tolist(), b.tolist(), 0.9)
        assert low <= welch_low + 1e-12
        assert high >= welch_high - 1e-12


@pytest.mark.parametrize(
    ("exact", "outcomes", "expected"),
    [
        (True, [], Outcome.EXACT),
        (True, [Outcome.INCONCLUSIVE], Outcome.EXACT),
        (True, [Outcome.NOT_REPRODUCED], Outcome.NOT_REPRODUCED),
        (False, [], Outcome.INCONCLUSIVE),
        (False, [Outcome.REPRODUCED], Outcome.REPRODUCED),
        (False, [Outcome.REPRODUCED, Outcome.INCONCLUSIVE], Outcome.INCONCLUSIVE),
        (False, [Outcome.INCONCLUSIVE, Outcome.NOT_REPRODUCED], Outcome.NOT_REPRODUCED),
    ],
)
def test_the_outcome_of_a_review(exact, outcomes, expected):
    verdicts = [Verdict(outcome, 0.0, (0.0, 0.0), 0.02, "") for outcome in outcomes]
    assert overall(exact, verdicts) is expected


def test_exit_codes():
    assert [outcome.exit_code for outcome in Outcome] == [0, 0, 1, 2]
