"""The temperature of labels drawn from known probabilities is found again, and never leaves its bounds."""

import numpy as np
import pytest

from pipeline.results import temperature

WIDE = (-5.0, 2.0)


@pytest.fixture(scope="module")
def drawn() -> tuple[np.ndarray, np.ndarray]:
    """Logits (N, K) and, one of K, labels drawn from what they say."""
    random = np.random.default_rng(1)
    honest = random.dirichlet(np.ones(4) / 2, 4000)
    return np.log(honest), np.eye(4)[[random.choice(4, p=row) for row in honest]]


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_a_factor_of_the_logits_is_found(drawn, factor):
    logits, labels = drawn
    assert np.exp(temperature.fitted(logits * factor, labels, WIDE)) == pytest.approx(factor, rel=0.06)


def test_bounds_are_kept(drawn):
    logits, labels = drawn
    assert 0.5 <= temperature.fitted(logits, labels, (0.5, 1.0)) < 0.51
    assert -5 < temperature.fitted(np.eye(3), np.eye(3), WIDE) < -3  # without a mistake: as sure as floats can tell


def test_shares_sum_to_one(drawn):
    shares = np.exp(temperature.log_shares(drawn[0], 1.5))
    assert shares.sum(axis=1) == pytest.approx(1)
    assert (shares.argmax(axis=1) == drawn[0].argmax(axis=1)).all()
