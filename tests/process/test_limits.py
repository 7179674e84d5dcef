"""What a container allows, where it allows less than the machine has."""

import os

import psutil
import pytest

from pipeline.process import limits


@pytest.mark.parametrize(("text", "share"), [("max", 1), ("1000", None), (str(1 << 62), 1), ("9223372036854771712", 1)])
def test_memory_is_the_container_s_if_that_is_less(tmp_path, monkeypatch, text, share):
    (tmp_path / "memory.max").write_text(text + "\n")
    monkeypatch.setattr(limits, "_MEMORY_FILES", (tmp_path / "memory.max", tmp_path / "absent"))
    assert limits.memory_bytes() == (int(text) if share is None else psutil.virtual_memory().total)


def test_processors_are_those_this_process_may_use():
    assert 1 <= limits.cpus() <= (os.cpu_count() or 1)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system pins no process to processors")
def test_processors_are_counted_by_affinity():
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(mine)})
    try:
        assert limits.cpus() == 1
    finally:
        os.sched_setaffinity(0, mine)
