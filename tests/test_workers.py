"""As many processes as there is work and memory for."""

import pytest

from pipeline.process import limits

from . import workers


@pytest.mark.parametrize(
    ("cpus", "gigabytes", "processes"), [(2, 20, 3), (2, 5, 2), (1, 16, 2), (8, 15, 7), (64, 512, 65), (4, 1, 1)]
)
def test_one_more_than_processors_as_far_as_the_memory_reaches(
    monkeypatch: pytest.MonkeyPatch, cpus: int, gigabytes: int, processes: int
) -> None:
    monkeypatch.setattr(limits, "cpus", lambda: cpus)
    monkeypatch.setattr(limits, "free_memory_bytes", lambda: gigabytes << 30)
    assert workers.pytest_xdist_auto_num_workers() == processes
