"""The audit against a run cache that DVC itself wrote."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.review import repeatability
from tests import dvc_project

PIPELINE = "stages:\n  dice:\n    cmd: python dice.py\n    deps: [dice.py]\n    outs: [dice.txt]\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    dvc_project.begin(tmp_path)
    (tmp_path / "dvc.yaml").write_text(PIPELINE)
    return tmp_path


def dvc(folder: Path, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "dvc", *arguments], cwd=folder, check=True, capture_output=True)


def test_a_step_that_gives_something_else_each_time_is_reported(repository):
    (repository / "dice.py").write_text("import os; open('dice.txt', 'wb').write(os.urandom(8))")
    dvc(repository, "repro")
    assert repeatability.conflicts(repository / ".dvc/cache") == []
    dvc(repository, "repro", "--force")
    (conflict,) = repeatability.conflicts(repository / ".dvc/cache")
    assert conflict.outputs == ("dice.txt",)
    assert "python dice.py" in str(conflict)


@pytest.mark.parametrize("left", [b"", b"cmd: [", b"\xff", b"- a list"])
def test_what_a_killed_dvc_or_a_bad_disk_left_says_nothing(repository, left):
    """A review has run for hours by then."""
    (repository / "dice.py").write_text("open('dice.txt', 'w').write('4')")
    dvc(repository, "repro")
    (outcome,) = (repository / ".dvc/cache/runs").glob("*/*/*")
    (outcome.parent / ".2cZ8.tmp").write_bytes(left)
    outcome.with_name("0" * 64).write_bytes(left)
    (outcome.parents[1] / "file").write_bytes(left)
    assert repeatability.conflicts(repository / ".dvc/cache") == []


def test_a_repeatable_step_is_not(repository):
    (repository / "dice.py").write_text("open('dice.txt', 'w').write('4')")
    dvc(repository, "repro")
    dvc(repository, "repro", "--force")
    assert repeatability.conflicts(repository / ".dvc/cache") == []


def test_without_a_cache_there_is_nothing_to_report(tmp_path):
    assert repeatability.conflicts(tmp_path) == []
