"""Each interval and test against a second implementation or a published worked example."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint
from statsmodels.stats.weightstats import DescrStatsW

from pipeline.identity.seeds import generator
from pipeline.results import statistics


def pairs(both: int, only_first: int, only_second: int, neither: int) -> tuple[np.ndarray, np.ndarray]:
    first = [True] * (both + only_first) + [False] * (only_second + neither)
    second = [True] * both + [False] * only_first + [True] * only_second + [False] * neither
    return np.array(first), np.array(second)


@pytest.mark.parametrize(("correct", "n"), [(0, 1), (1, 1), (0, 180), (157, 180), (180, 180), (9108, 10000)])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_wilson_equals_statsmodels(correct, n, confidence):
    expected = proportion_confint(correct, n, alpha=1 - confidence, method="wilson")
    assert statistics.wilson_interval(correct, n, confidence) == pytest.approx(expected, abs=1e-12)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_stays_inside_0_and_1_around_the_accuracy(counts):
    correct, n = counts
    low, high = statistics.wilson_interval(correct, n)
    assert 0 <= low <= correct / n <= high <= 1
    assert low < high


@pytest.mark.parametrize(("correct", "n", "confidence"), [(3, 2, 0.95), (-1, 2, 0.95), (0, 0, 0.95), (1, 2, 95)])
def test_wilson_refuses_impossible_counts(correct, n, confidence):
    with pytest.raises(ValueError, match="allowed"):
        statistics.wilson_interval(correct, n, confidence)


@pytest.mark.parametrize("counts", [(56, 70, 48, 80), (10, 10, 0, 20), (0, 5, 0, 7)])
def test_unpaired_interval_equals_statsmodels(counts):
    expected = confint_proportions_2indep(*counts, method="newcomb", compare="diff")
    assert statistics.unpaired_interval(*counts) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((36, 12, 2, 0), (0.0569, 0.3404)),  # three of Newcombe 1998b
        ((18, 12, 2, 18), (0.0562, 0.3290)),
        ((53, 0, 0, 1), (-0.0729, 0.0729)),
        ((1, 1, 7, 12), (-0.507, -0.026)),  # Fagerland, Lydersen & Laake 2014, airway reactivity
    ],
)
def test_paired_interval_equals_the_published_examples(counts, expected):
    assert statistics.paired_interval(*pairs(*counts)) == pytest.approx(expected, abs=0.0005)


def test_paired_interval_has_width_without_disagreement():
    low, high = statistics.paired_interval(*pairs(90, 0, 0, 10))
    assert low < 0 < high
    assert low == pytest.approx(-high)


@given(st.tuples(*[st.integers(0, 60)] * 4).filter(any))
def test_paired_interval_swaps_sign_with_its_arguments(counts):
    first, second = pairs(*counts)
    low, high = statistics.paired_interval(first, second)
    assert -1 <= low <= first.mean() - second.mean() <= high <= 1
    assert statistics.paired_interval(second, first) == pytest.approx((-high, -low), abs=1e-12)


@given(st.tuples(*[st.integers(0, 60)] * 4).filter(any))
def test_mcnemar_equals_statsmodels(counts):
    both, only_first, only_second, neither = counts
    expected = statsmodels_mcnemar([[both, only_first], [only_second, neither]], exact=True).pvalue
    assert statistics.mcnemar(*pairs(*counts)) == pytest.approx(min(1.0, expected), abs=1e-12)


def test_mcnemar_without_disagreement_is_1():
    assert statistics.mcnemar(*pairs(5, 0, 0, 5)) == 1.0


@pytest.mark.parametrize(
    "wrong",
    [np.ones(3), np.ones(4, bool), np.ones((3, 1), bool), np.ones(0, bool)],
    ids=lambda a: f"{a.dtype}{a.shape}",
)
def test_pairs_must_be_over_the_same_images(wrong):
    good = np.ones(0 if wrong.size == 0 else 3, bool)
    for function in (statistics.mcnemar, statistics.paired_interval):
        with pytest.raises(ValueError, match="same N"):
            function(good, wrong)


A = [0.871, 0.883, 0.879, 0.869, 0.876]


def test_mean_interval_equals_statsmodels():
    assert statistics.mean_interval(A, 1000) == pytest.approx(DescrStatsW(A).tconfint_mean(0.05), abs=1e-12)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=5), st.floats(0, 1))
def test_intervals_of_means_of_fractions_are_within_0_to_1(sample, tested_to_trained):
    plain = statistics.mean_interval(sample, 100)
    for low, high in (plain, statistics.resampled_interval(sample, 100, tested_to_trained)):
        assert 0 <= low <= plain[0] <= np.mean(sample) + 1e-12
        assert np.mean(sample) - 1e-12 <= plain[1] <= high <= 1


def test_equal_seeds_prove_no_spread_below_that_of_counting_images():
    low, high = statistics.mean_interval([0.9] * 2, 180)
    assert high - low == pytest.approx(2 * 12.706 / 180 / 24**0.5, rel=1e-4)


@pytest.mark.parametrize("seeds", [2, 3, 5])
@pytest.mark.parametrize("spread", [0.001, 0.003, 0.008])
def test_intervals_over_seeds_hold_the_mean_as_often_as_they_say_for_few_images(seeds, spread):
    random, images, held = generator(1, "intervals over seeds"), 180, 0
    for _ in range(400):
        true = random.uniform(0.85, 0.95)
        low, high = statistics.mean_interval(np.round(random.normal(true, spread, seeds) * images) / images, images)
        held += low <= true <= high
    assert held / 400 > 0.925  # 95 %, less three standard errors of 400 draws


@pytest.mark.parametrize("sample", [[], [0.9], [0.9, float("nan")], [[0.9, 0.8]]])
def test_a_spread_needs_two_finite_values(sample):
    with pytest.raises(ValueError, match="two finite values"):
        statistics.mean_interval(sample, 100)


def test_binomial_error_is_about_p_q_over_n_and_never_zero():
    assert statistics.binomial_error(0.5, 100) == 0.25 / 100
    assert statistics.binomial_error(0.9, 10_000) == pytest.approx(0.09 / 10_000, rel=2e-3)
    low, high = statistics.binomial_error(np.array([0.0, 1.0]), 100)
    assert (low, high) == pytest.approx((2 / 104 * 102 / 104 / 100,) * 2)
