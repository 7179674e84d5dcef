"""How many processes `pytest -n auto` takes: one more than there are processors, as far as the memory reaches.

Tests also wait, for what they start and for the disk: without one more a fifth of two processors' time is idle.
"""

import pytest

from pipeline.process import limits

BYTES_EACH = 2 << 30  # of a process that has TensorFlow, MLflow and what its tests left, and of what it starts


@pytest.hookimpl(optionalhook=True)  # without xdist nobody asks
def pytest_xdist_auto_num_workers() -> int:
    return max(1, min(limits.cpus() + 1, limits.free_memory_bytes() // BYTES_EACH))
