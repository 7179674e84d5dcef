"""What folds measured: the corrected interval against its formula and by how often it holds, and the file."""

import json

import numpy as np
import pytest
from scipy import stats

from pipeline.results import cross_validation, statistics
from pipeline.results.cross_validation import CrossValidation, FoldResult

ACCURACIES = [0.8, 0.84, 0.79, 0.9, 0.82]


def found(accuracies: list[float] = ACCURACIES, folds: int = 5) -> CrossValidation:
    results = [
        FoldResult(1, number, 1, f"{number:064}", 20, 80, 20, accuracy, accuracy - 0.1, accuracy - 0.2, 0.5)
        for number, accuracy in enumerate(accuracies, start=1)
    ]
    return CrossValidation("digest", folds, 1, tuple(results))


def test_the_interval_is_nadeau_and_bengios():
    """Their variance of the mean: (1/J + n_test/n_train) · the folds' variance, with J - 1 degrees of freedom."""
    summary = cross_validation.summary(found(), "accuracy")
    half = stats.t.ppf(0.975, 4) * np.sqrt((1 / 5 + 1 / 4) * np.var(ACCURACIES, ddof=1))
    assert summary["low"] == pytest.approx(np.mean(ACCURACIES) - half)
    assert summary["high"] == pytest.approx(np.mean(ACCURACIES) + half)
    assert summary["sd"] == pytest.approx(np.std(ACCURACIES, ddof=1))


def test_equal_folds_prove_no_spread_below_that_of_counting_images():
    low, high = statistics.resampled_interval([0.8, 0.8, 0.8], 20, 0.5)
    half = stats.t.ppf(0.975, 2) * np.sqrt((1 / 3 + 1 / 2) / 20**2 / 12)
    assert (low, high) == pytest.approx((0.8 - half, 0.8 + half))


def test_one_fold_has_no_interval():
    with pytest.raises(ValueError, match="needed: two finite values"):
        statistics.resampled_interval([0.8], 20, 0.25)


def test_the_file_is_read_back_as_written():
    content = cross_validation.to_json(found())
    assert cross_validation.from_json(json.loads(json.dumps(content))) == found()
    assert content["accuracy"]["mean"] == pytest.approx(0.83)


def test_after_the_first_fold_there_is_a_file_without_means():
    assert "accuracy" not in cross_validation.to_json(found(ACCURACIES[:1]))


def test_the_description_has_every_fold_and_names_the_correction():
    lines = cross_validation.describe(found()).splitlines()
    assert len(lines) == 1 + 5 + 4 + 1
    assert lines[6].startswith("accuracy: 83.00 ± 4.36 % (mean ± standard deviation of 5 folds); 95 % interval")
    assert "Nadeau and Bengio 2003" in lines[-1]


def test_metrics_are_named_after_folds():
    values = cross_validation.values(found())
    assert values["fold_accuracy_mean"] == pytest.approx(0.83)
    assert set(cross_validation.figures(found().results[0])) <= {name.removesuffix("_mean") for name in values}
