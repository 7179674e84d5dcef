"""The benchmark looks into the sweep: it must find there what it looks for."""

import pytest

from tests.benchmarks import sweep_overhead


@pytest.mark.slow
def test_the_sweep_is_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep_overhead, "TRIALS", 3)
    share, beside = sweep_overhead.rows()
    assert share.our_seconds is not None
    assert share.our_seconds > 0
    assert 0 < share.ratio < 1
    assert 0 < beside.ratio < share.our_seconds
