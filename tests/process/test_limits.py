"""What a container allows, where it allows less than the machine has."""

import os
import shutil
from types import SimpleNamespace

import psutil
import pytest

from pipeline.process import control_groups, limits
from pipeline.process.errors import MachineError


def test_memory_is_the_container_s_if_that_is_less(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = psutil.virtual_memory()
    monkeypatch.setattr(psutil, "virtual_memory", lambda: machine)
    small, unlimited = control_groups.Memory(limit=1000, free=300), control_groups.Memory(limit=1 << 62, free=1 << 61)
    monkeypatch.setattr(control_groups, "memory", lambda: [unlimited, small])
    assert (limits.memory_bytes(), limits.free_memory_bytes()) == (1000, 300)
    monkeypatch.setattr(control_groups, "memory", lambda: [unlimited])
    assert (limits.memory_bytes(), limits.free_memory_bytes()) == (machine.total, machine.available)


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


def test_the_disk_must_have_what_is_needed_and_some_to_spare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=limits.SPARE_BYTES + 1000))
    limits.require_disk(1000, "the pictures", "take fewer")
    with pytest.raises(MachineError, match=r"the pictures need .*1\.1 GB stay free.*has 1\.1 GB: take fewer"):
        limits.require_disk(1001, "the pictures", "take fewer")


def test_what_needs_nothing_needs_no_free_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    limits.require_disk(0, "the pictures", "take fewer")


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 bytes"), (999, "999 bytes"), (2e3, "2.0 kB"), (3.14e6, "3.1 MB"), (1.5e12, "1,500.0 GB")]
)
def test_sizes_are_said_in_a_fitting_unit(count: float, said: str) -> None:
    assert limits.size(count) == said
