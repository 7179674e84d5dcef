"""What control groups allow of memory, in files as Linux writes them."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.process import control_groups
from pipeline.process.control_groups import Memory

FILES = {2: ("memory.max", "memory.current"), 1: ("memory.limit_in_bytes", "memory.usage_in_bytes")}
COUNTED = {
    2: "anon 300\ninactive_file 50\nactive_file 20\n",
    1: "inactive_file 1\ntotal_inactive_file 50\ntotal_active_file 20\n",
}


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Makes a group of a version: its place below the root, its limit, and that 400 bytes of it are used."""
    two, one = control_groups._VERSIONS
    moved = (replace(two, root=tmp_path / "2"), replace(one, root=tmp_path / "1"))
    monkeypatch.setattr(control_groups, "_VERSIONS", moved)
    monkeypatch.setattr(control_groups, "_MINE", tmp_path / "mine")

    def group(version: int, place: str, limit: str) -> None:
        folder = tmp_path / str(version) / place
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILES[version][0]).write_text(f"{limit}\n")
        (folder / FILES[version][1]).write_text("400\n")
        (folder / "memory.stat").write_text(COUNTED[version])

    return group


@pytest.mark.parametrize("version", [1, 2])
def test_a_container_s_own_group_is_the_root(write, version: int) -> None:
    """What is kept of files is given back when it is needed: 1000 - 400 + 50 + 20 are free."""
    write(version, "", "1000")
    assert control_groups.memory() == [Memory(1000, 670)]


@pytest.mark.parametrize(("version", "said"), [(2, "0::"), (1, "0::/\n4:memory:")])
def test_a_job_s_group_and_those_around_it_count(write, tmp_path: Path, version: int, said: str) -> None:
    (tmp_path / "mine").write_text(f"9:name=systemd:/elsewhere\n{said}/slurm/job 7/step:0\n")
    write(version, "slurm", "9000")
    write(version, "slurm/job 7", "5000")
    write(version, "slurm/job 7/step:0", "max")
    write(version, "slurm/job 8", "1")
    assert [group.limit for group in control_groups.memory()] == [9000, 5000]


def test_a_group_that_is_named_as_the_machine_sees_it_is_not_looked_for_in_vain(write, tmp_path: Path) -> None:
    """In a container without a namespace for groups."""
    (tmp_path / "mine").write_text("4:memory:/docker/abc\n0::/\n")
    write(1, "", "1000")
    assert [group.limit for group in control_groups.memory()] == [1000]


def test_without_control_groups_nothing_is_limited(write) -> None:
    assert control_groups.memory() == []


def test_those_of_this_machine_are_read() -> None:
    assert all(group.free <= group.limit for group in control_groups.memory())
