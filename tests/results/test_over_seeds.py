"""The difference over seeds against other people's implementations, for one review and for many at once."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from pipeline.results import over_seeds, statistics

A, B = [0.84, 0.86, 0.87], [0.85, 0.87, 0.88]  # equal spreads: Welch's four degrees of freedom


def test_with_whole_degrees_of_freedom_it_is_welch_s_interval():
    found = over_seeds.difference(A, B)
    low, high = CompareMeans(DescrStatsW(A), DescrStatsW(B)).tconfint_diff(0.1, usevar="unequal")
    half = float(found.half_width(0.05))
    assert (found.value - half, found.value + half) == pytest.approx((low, high), abs=1e-12)
    assert found.freedom == 4


def test_it_is_never_narrower_than_welch_s_interval():
    random = np.random.default_rng(4)
    for ours, theirs in ((3, 5), (2, 4), (7, 3)):
        a, b = random.normal(0.9, 0.01, ours), random.normal(0.9, 0.02, theirs)
        low, high = CompareMeans(DescrStatsW(a), DescrStatsW(b)).tconfint_diff(0.1, usevar="unequal")
        assert 2 * over_seeds.difference(a, b).half_width(0.05) >= high - low - 1e-12


def test_many_reviews_at_once_are_each_of_them():
    random = np.random.default_rng(5)
    first, second = random.normal(0.9, 0.01, (20, 4)), random.normal(0.9, 0.02, (20, 3))
    errors = random.uniform(0, 1e-4, 20)
    together = over_seeds.difference(first, second, image_error=errors, resolution=0.001)
    for i in range(20):
        one = over_seeds.difference(first[i], second[i], image_error=errors[i], resolution=0.001)
        for name in ("value", "error", "freedom", "of_images"):
            assert getattr(together, name)[i] == getattr(one, name)


def test_a_single_value_is_taken_to_spread_like_the_other_side():
    values, one = [0.84, 0.86, 0.87, 0.85], 0.88
    found = over_seeds.difference(values, [one])
    half = stats.t.ppf(0.95, 3) * np.std(values, ddof=1) * np.sqrt(1 / 4 + 1)  # a prediction interval's width
    assert float(found.half_width(0.05)) == pytest.approx(half)
    assert over_seeds.difference(values, [one], second_seeds=10).half_width(0.05) < half
    back = over_seeds.difference([one], values)
    assert (back.value, back.error, back.freedom) == (-found.value, found.error, found.freedom)


def test_images_error_and_resolution_widen_it():
    same = [0.85, 0.85, 0.85]
    assert over_seeds.difference(same, same).half_width(0.05) == 0
    assert over_seeds.difference(same, same, resolution=1 / 180).half_width(0.05) > 0
    error = 2 * statistics.binomial_error(0.85, 1000)
    found = over_seeds.difference(same, same, image_error=error)
    assert found.half_width(0.025) == pytest.approx(1.96 * np.sqrt(error), rel=1e-3)
    assert found.of_images == 1
    assert over_seeds.difference(A, B, image_error=1e-4).of_images == pytest.approx(
        1e-4 / float(1e-4 + over_seeds.difference(A, B).error)
    )


def test_two_of_one_value_each_show_no_spread():
    with pytest.raises(ValueError, match="two seeds or more"):
        over_seeds.difference([0.8], [0.9])
