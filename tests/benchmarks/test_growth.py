"""The growth of extraction is measured in processes that say what they do, and last what they measured."""

import pytest

from tests.benchmarks import growth


@pytest.mark.slow
def test_a_size_is_measured() -> None:
    measured = growth.measure(20)
    assert measured["images"] == 20
    assert measured["fixed_seconds"] > 0
    assert measured["peak_mb"] > 100
