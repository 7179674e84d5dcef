"""A full disk, a read-only one, damaged files, clocks that are wrong, two runs at once."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.process import folder_lock
from tests import trees
from tests.conftest import ROOT
from tests.test_pipeline import ENVIRONMENT, call

from .conftest import assert_as_undisturbed

pytestmark = pytest.mark.slow
NAMESPACES = subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0


def outputs(folder: Path) -> list[str]:
    return [trees.digest(folder / part) for part in ("data", "models", "reports")]


@pytest.mark.skipif(not NAMESPACES, reason="mount namespaces need root (unshare --mount)")
@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("full", ("No space left on device: free some space", "stay free; the disk has")),
        ("read-only", ("make it writable",)),
    ],
)
def test_disks(kind: str, says: tuple[str, ...], project_copy: Path, outcome: Callable) -> None:
    before = outputs(project_copy)
    command = ["unshare", "--mount", sys.executable, "-m", "tests.faults.troubled", kind, str(project_copy)]
    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout)
    for stage in found["troubled"]:
        assert stage["code"] == 1, stage
        assert stage["said"].count("error: ") == 1, stage
        assert any(text in stage["said"] for text in says), stage
        assert "Traceback" not in stage["said"]
        assert stage["outputs"] == before, f"{stage['stage']} has changed results"
    for stage in found["sound"]:
        assert (stage["code"], stage["outputs"]) == (0, before), stage
    for stage in found["troubled"]:
        outcome(f"{kind} disk", stage["stage"], "one message, earlier outputs intact, the next run completes", faults=1)


DAMAGE = [
    ("data/raw", "digits-train.array_record*", "preprocess", "run the stage fetch again"),
    ("data/images/train", "images.npy", "train", "its bytes are not those extract-features saw"),
    ("data/features/train", "pooled.npy", "train", "its bytes are not those extract-features saw"),
    ("data/features/test", "pooled.npy", "evaluate", "its bytes are not those extract-features saw"),
    ("models", "model.keras", "evaluate", "models/model.keras"),
]


@pytest.mark.parametrize(("folder", "name", "stage", "says"), DAMAGE)
def test_a_flipped_bit_is_found_before_it_is_used(
    folder: str,
    name: str,
    stage: str,
    says: str,
    project_copy: Path,
    undisturbed: Path,
    outcome: Callable,
) -> None:
    (file,) = (project_copy / folder).rglob(name)
    content = bytearray(file.read_bytes())
    # The first images' records are those that are read; elsewhere the middle is as good as any place.
    content[400 if stage == "preprocess" else len(content) // 2] ^= 1
    file.chmod(0o644)
    file.write_bytes(content)
    reports = trees.digest(project_copy / "reports")
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", stage], cwd=project_copy, env=ENVIRONMENT, capture_output=True, text=True
    )
    assert done.returncode == 1, done.stdout
    assert says in done.stderr
    assert done.stderr.count("error: ") == 1
    assert "Traceback" not in done.stderr
    assert trees.digest(project_copy / "reports") == reports
    assert_as_undisturbed(project_copy, undisturbed)  # DVC notices as well, and takes the file from its cache
    outcome("a flipped bit", f"{folder}/{name.rstrip('*')}", f"{stage} refuses it; `dvc repro` mends it", faults=1)


@pytest.mark.parametrize("year", [1990, 2100])
def test_wrong_clocks_change_nothing(year: int, project_copy: Path, undisturbed: Path, outcome: Callable) -> None:
    then = (year - 1970) * 31_556_952
    for path in project_copy.rglob("*"):
        if path.is_file() and ".git" not in path.parts:
            os.utime(path, (then, then))
    assert "Running stage" not in call(project_copy, "dvc", "repro")
    assert_as_undisturbed(project_copy, undisturbed)
    outcome("the clock is wrong", "all files", "nothing runs again, the same `dvc.lock`", clocks=1)


def test_two_runs_at_once(project_copy: Path, undisturbed: Path, outcome: Callable) -> None:
    command = [sys.executable, "-m", "dvc", "repro", "--force", "--single-item", "fetch"]
    with subprocess.Popen(command, cwd=project_copy, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as first:
        for line in first.stdout:
            if line.startswith("> python"):
                break
        second = subprocess.run(command, cwd=project_copy, env=ENVIRONMENT, capture_output=True, text=True)
        assert second.returncode != 0
        assert "is busy, it is being blocked by" in second.stderr or "Unable to acquire lock" in second.stderr
        assert "Traceback" not in second.stderr
        first.stdout.read()
    assert first.returncode == 0
    assert_as_undisturbed(project_copy, undisturbed)
    outcome("two `dvc repro` at once", "fetch", "the second is refused, the first completes", faults=1)


def test_a_stage_waits_for_another(project_copy: Path, monkeypatch: pytest.MonkeyPatch, outcome: Callable) -> None:
    monkeypatch.chdir(project_copy)
    before = outputs(project_copy)
    command = [sys.executable, "-m", "pipeline", "fetch"]
    waiting = f"fetch (process {os.getpid()}) is at work in this folder; waiting for its end"
    with folder_lock.stage_alone("fetch"):
        stages = [subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        for stage in stages:
            assert any(waiting in line for line in stage.stderr)  # reads until it is said
    assert [(stage.communicate(), stage.returncode)[1] for stage in stages] == [0, 0]
    assert outputs(project_copy) == before
    outcome("three stages at once", "fetch", "one after the other", faults=1)
