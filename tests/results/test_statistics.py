"""Each interval and test against a second implementation or a published worked example."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW, ttost_ind

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


A, B = [0.871, 0.883, 0.879, 0.869, 0.876], [0.861, 0.874, 0.842]


def test_mean_interval_equals_statsmodels():
    assert statistics.mean_interval(A) == pytest.approx(DescrStatsW(A).tconfint_mean(0.05), abs=1e-12)


@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_welch_equals_statsmodels(confidence):
    expected = CompareMeans(DescrStatsW(A), DescrStatsW(B)).tconfint_diff(1 - confidence, usevar="unequal")
    assert statistics.welch_interval(A, B, confidence) == pytest.approx(expected, abs=1e-12)


@pytest.mark.filterwarnings("ignore:Precision loss")
def test_welch_with_one_constant_sample_equals_scipy():
    expected = stats.ttest_ind(A, [0.9, 0.9], equal_var=False).confidence_interval(0.95)
    assert statistics.welch_interval(A, [0.9, 0.9]) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_constant_samples_have_no_width():
    # Three times 0.1 has a mean that is not 0.1: rounding must not look like spread.
    assert statistics.welch_interval([0.1] * 3, [0.1] * 2) == pytest.approx((0, 0), abs=1e-12)
    low, high = statistics.mean_interval([0.1] * 3)
    assert low == high


@pytest.mark.parametrize("sample", [[], [0.9], [0.9, float("nan")], [[0.9, 0.8]]])
def test_a_spread_needs_two_finite_values(sample):
    for function in (statistics.mean_interval, lambda values: statistics.welch_interval(A, values)):
        with pytest.raises(ValueError, match="two finite values"):
            function(sample)


@pytest.mark.parametrize(
    ("interval", "decision"),
    [
        ((-0.01, 0.01), "equivalent"),
        ((0.03, 0.05), "different"),
        ((-0.05, -0.03), "different"),
        ((0.0, 0.03), "undecided"),
        ((-0.5, 0.5), "undecided"),
        ((-0.02, 0.01), "undecided"),
        ((0.02, 0.05), "undecided"),
    ],
)
def test_equivalence_decides_by_where_the_interval_lies(interval, decision):
    assert statistics.equivalence(interval, margin=0.02) == decision


@pytest.mark.parametrize("margin", [0.01, 0.02, 0.03, 0.04, 0.06])
def test_equivalence_is_the_two_one_sided_tests(margin):
    p_value = ttost_ind(np.array(A), np.array(B), -margin, margin, usevar="unequal")[0]
    decided = statistics.equivalence(statistics.welch_interval(A, B, 0.90), margin) == "equivalent"
    assert decided == (p_value < 0.05)


@pytest.mark.parametrize(("interval", "margin"), [((0.1, 0.0), 0.1), ((0.0, 0.1), 0.0), ((float("nan"), 0.1), 0.1)])
def test_equivalence_refuses_what_is_no_interval_or_margin(interval, margin):
    with pytest.raises(ValueError, match="margin above 0"):
        statistics.equivalence(interval, margin)


def test_a_single_value_is_taken_to_spread_like_the_other_side():
    values, one = [0.84, 0.86, 0.87, 0.85], 0.88
    low, high = statistics.seeds_interval(values, [one], confidence=0.9)
    half = stats.t.ppf(0.95, 3) * np.std(values, ddof=1) * np.sqrt(1 / 4 + 1)  # a prediction interval's width
    assert (low, high) == pytest.approx((np.mean(values) - one - half, np.mean(values) - one + half))
    narrower = statistics.seeds_interval(values, [one], second_seeds=10, confidence=0.9)
    assert narrower[1] - narrower[0] < high - low


def test_images_error_and_resolution_widen_the_interval_over_seeds():
    same = [0.85, 0.85, 0.85]
    assert statistics.seeds_interval(same, same) == (0, 0)
    rounded = statistics.seeds_interval(same, same, resolution=1 / 180)
    assert rounded[0] < 0 < rounded[1]
    low, high = statistics.seeds_interval(same, same, image_error=2 * statistics.binomial_error(0.85, 1000))
    assert high == pytest.approx(1.96 * np.sqrt(2 * 0.85 * 0.15 / 1000), rel=1e-3)
    assert low == -high


def test_two_single_values_say_nothing_about_a_spread():
    with pytest.raises(ValueError, match="two finite values"):
        statistics.seeds_interval([0.8], [0.9])


def test_binomial_error_is_never_zero():
    assert statistics.binomial_error(0.5, 100) == 0.25 / 100
    assert statistics.binomial_error(1.0, 100) == pytest.approx(0.995 * 0.005 / 100)
    assert statistics.binomial_error(0.0, 100) == pytest.approx(0.995 * 0.005 / 100)


@pytest.mark.parametrize("interval", [(-0.03, 0.05), (0.0, 0.03), (-0.05, -0.01)])
def test_the_number_of_images_that_decides(interval):
    images = statistics.images_to_decide(interval, 0.02, 1000)
    assert images is not None
    centre, half = sum(interval) / 2, (interval[1] - interval[0]) / 2
    for n, decided in ((images, True), (int(0.97 * images), False)):
        shrunk = half * (1000 / n) ** 0.5
        assert (statistics.equivalence((centre - shrunk, centre + shrunk), 0.02) != "undecided") is decided


def test_a_decided_interval_needs_no_more_images_and_one_on_the_margin_no_number():
    assert statistics.images_to_decide((-0.01, 0.01), 0.02, 1000) == 1000
    assert statistics.images_to_decide((0.0, 0.5), 0.25, 1000) is None
