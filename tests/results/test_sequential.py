"""When reviews look, and what each look may spend: one error in twenty in all, whatever the looks have in common."""

import numpy as np
import pytest
from statsmodels.stats.weightstats import ttost_ind

from pipeline.results import over_seeds, sequential
from pipeline.results.sequential import BEYOND, ERROR, UNDECIDED, WITHIN, Plan

NO_IMAGES, ONLY_IMAGES = np.asarray(0.0), np.asarray(1.0)


@pytest.mark.parametrize(
    ("plan", "looks"),
    [
        (Plan(), (1, 3, 5, 10)),
        (Plan(first=2), (3, 5, 10)),
        (Plan(most=4, first=2), (3, 4)),
        (Plan(most=30), (1, 3, 5, 10, 20, 30)),
        (Plan(most=1, first=2), ()),
    ],
)
def test_the_looks_are_the_standard_ones_up_to_the_most_seeds(plan, looks):
    assert plan.looks == looks
    assert plan.up_to(5) == tuple(look for look in looks if look <= 5)


@pytest.mark.parametrize("plan", [Plan(), Plan(first=2), Plan(most=100), Plan(most=3, first=2)])
def test_the_levels_of_all_looks_add_up_to_the_error(plan):
    levels = [float(plan.level(look, NO_IMAGES)) for look in plan.looks]
    assert sum(levels) == pytest.approx(ERROR)
    assert all(level > 0 for level in levels)


def test_luck_that_is_the_same_at_every_look_is_spent_once():
    levels = [float(Plan().level(look, ONLY_IMAGES)) for look in Plan().looks]
    assert levels == sorted(levels)
    assert levels[-1] == pytest.approx(ERROR, rel=1e-3)


def test_in_between_no_more_is_spent_than_allowed():
    """By simulation: at each look an error of the images' luck, shared, and of luck of its own."""
    random, plan, reviews = np.random.default_rng(6), Plan(), 200_000
    for share in (0.2, 0.5, 0.8):
        shared = random.normal(size=reviews)
        wrong = np.zeros(reviews, dtype=bool)
        for look in plan.looks:
            level = float(plan.level(look, np.asarray(share)))
            luck = np.sqrt(share) * shared + np.sqrt(1 - share) * random.normal(size=reviews)
            wrong |= luck > -sequential.special.ndtri(level)
        assert 0.8 * ERROR < wrong.mean() <= ERROR * 1.02


def test_a_look_s_level_does_not_depend_on_how_far_one_goes():
    plan = Plan()
    assert [plan.level(look, NO_IMAGES) for look in plan.up_to(5)] == [
        plan.level(look, NO_IMAGES) for look in plan.looks[:3]
    ]


A, B = np.array([0.871, 0.883, 0.879, 0.869, 0.876]), np.array([0.861, 0.874, 0.842, 0.86, 0.85])


@pytest.mark.parametrize("margin", [0.01, 0.02, 0.03, 0.04, 0.06])
def test_within_is_the_two_one_sided_tests(margin):
    plan = Plan(most=5, first=5)  # one look, which may spend all
    p_value = ttost_ind(A, B, -margin, margin, usevar="unequal")[0]
    found = over_seeds.difference(A, B)
    exact = over_seeds.Difference(found.value, found.error, np.asarray(_welch_freedom()), found.of_images)
    assert (sequential.decision(exact, margin, plan, 5) == WITHIN) == (p_value < 0.05)


def _welch_freedom() -> float:
    a, b = A.var(ddof=1) / 5, B.var(ddof=1) / 5
    return (a + b) ** 2 / (a**2 / 4 + b**2 / 4)


@pytest.mark.parametrize(
    ("value", "error", "expected"),
    [(0.0, 1e-6, WITHIN), (0.1, 1e-6, BEYOND), (-0.1, 1e-6, BEYOND), (0.0, 1.0, UNDECIDED), (0.05, 0.0, UNDECIDED)],
)
def test_decisions_by_where_the_difference_lies(value, error, expected):
    found = over_seeds.Difference(np.asarray(value), np.asarray(error), np.asarray(9.0), NO_IMAGES)
    assert sequential.decision(found, 0.05, Plan(), 10) == expected


def test_the_first_decision_stays():
    """Of one review a look decides that a later one would undo; of the other only the last look decides."""
    values = {1: [0.5, 0.05], 3: [0.0, 0.05], 5: [0.0, 0.05], 10: [0.0, 0.0]}

    def estimate(seeds: int) -> over_seeds.Difference:
        small = np.full(2, 1e-8)
        return over_seeds.Difference(np.array(values[seeds]), small, np.full(2, 9.0), np.zeros(2))

    decided, at = sequential.first_decision(estimate, 0.05, Plan(), 10)
    assert decided.tolist() == [BEYOND, WITHIN]
    assert at.tolist() == [1, 10]
    decided, at = sequential.first_decision(estimate, 0.05, Plan(), 5)
    assert decided.tolist() == [BEYOND, UNDECIDED]
    assert at.tolist() == [1, 5]
