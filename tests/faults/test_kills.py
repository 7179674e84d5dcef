"""Killed at any moment, however: the next `dvc repro` goes on without repair and ends with the same bytes.

The moments are random, by a printed seed, over all five stages and over what DVC does between them.
"""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow import MlflowClient

from pipeline.files import paths
from pipeline.process.compat.dvc_internals import RWLOCK
from tests.servers import group_is_alive
from tests.test_pipeline import ENVIRONMENT, call

from .conftest import KILLS, SECONDS, assert_as_undisturbed
from .troubled import STAGES

REPRO = [sys.executable, "-m", "dvc", "repro", "--no-run-cache"]
RUNNING = re.compile(r"Running stage '(.+)'")
STAGES_A_BLOW = 2  # longest time until a blow: as often as not the stage at work gets done, and the next is struck
AT_WORK = 0.75  # of the blows are timed from the beginning of the first stage: before that DVC is only starting
SEED = 7
# What was computed and may stay, unless it was cut off, which has a name of its own.
WHOLE_NOTE = re.compile(r"rows/[0-9a-f]{32}\.(json|npy)|familiarity/[0-9a-f]{16}\.(npz|nothing)")
TORN = "`herbarium check` puts the torn files aside"

BLOWS: dict[str, Callable[[int], None]] = {
    "kill -9 of dvc and its stage": lambda pid: os.killpg(pid, signal.SIGKILL),
    "kill -9 of dvc alone": lambda pid: os.kill(pid, signal.SIGKILL),
    "Ctrl-C": lambda pid: os.killpg(pid, signal.SIGINT),
}

pytestmark = pytest.mark.patient


def start(folder: Path, command: list[str], log: Path) -> subprocess.Popen:
    with log.open("w") as output:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=ENVIRONMENT,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def from_the_start(folder: Path) -> None:
    for path in (paths.RAW, paths.IMAGES, paths.FEATURES, paths.MODEL.parent, paths.REPORTS):
        shutil.rmtree(folder / path, ignore_errors=True)
    (folder / paths.LOCK).unlink(missing_ok=True)


def finish(folder: Path, log: Path) -> int:
    """Run to the end; returns 1 if a torn file of DVC had to be put aside by `herbarium check`, which says so."""
    ended = start(folder, REPRO, log).wait()
    if ended == 0:
        return 0
    assert "was cut off when dvc was killed" in call(folder, "herbarium", "check"), log.read_text()
    assert start(folder, REPRO, log).wait() == 0, log.read_text()
    return 1


def wait_until_said(process: subprocess.Popen, log: Path, text: str) -> None:
    """Return when `log` has `text`, or the process has ended."""
    while text not in log.read_text() and process.poll() is None:
        time.sleep(0.02)


def disturbed(folder: Path, log: Path, at_work: bool, moment: float, blow: Callable[[int], None]) -> str | None:
    """Start, strike `moment` seconds later; returns the stage that was at work, None if all was over before.

    `at_work`: the seconds count from the beginning of the first stage that runs.
    """
    process = start(folder, REPRO, log)
    if at_work:
        wait_until_said(process, log, "Running stage")
    try:
        process.wait(moment)
    except subprocess.TimeoutExpired:
        blow(process.pid)
        process.wait(120)
        return ["between stages", *RUNNING.findall(log.read_text())][-1]
    return None


def chain(folder: Path, lock: str, longest: float, moments: random.Random) -> tuple[Counter, int]:
    """Start and strike `KILLS` times, checking whole runs in between; returns how and where, and the torn files."""
    log, hits, mended = folder.parent / "log", Counter(), 0
    from_the_start(folder)
    while sum(hits.values()) < KILLS:
        name, at_work, moment = moments.choice(list(BLOWS)), moments.random() < AT_WORK, moments.uniform(0, longest)
        if stage := disturbed(folder, log, at_work, moment, BLOWS[name]):
            hits[name, stage] += 1
            print(f"{name} {moment:.2f} s after {'a stage' if at_work else 'dvc'} began: {stage}", flush=True)
        else:
            mended += finish(folder, log)
            assert (folder / paths.LOCK).read_text() == lock
            from_the_start(folder)
    return hits, mended + finish(folder, log)


def test_struck_at_random_moments(undisturbed: Path, project_copy: Path, outcome: Callable) -> None:
    lock, seconds = (undisturbed / paths.LOCK).read_text(), float((undisturbed.parent / SECONDS).read_text())
    print(f"seed {SEED}")
    hits, mended = chain(project_copy, lock, STAGES_A_BLOW * seconds / len(STAGES), random.Random(SEED))
    assert_as_undisturbed(project_copy, undisturbed)
    leftovers = [path for folder in ("models", "reports", "data") for path in (project_copy / folder).rglob(".*")]
    assert [path for path in leftovers if path.name != ".gitignore"] == []
    state = project_copy / paths.STATE
    notes = {path for folder in ("rows", "familiarity") for path in (state / folder).glob("*")}
    assert all(WHOLE_NOTE.fullmatch(path.relative_to(state).as_posix()) for path in notes)
    assert set(state.rglob("*.np[yz]")) <= notes
    client = MlflowClient(f"sqlite:///{project_copy}/mlflow.db")
    runs = client.search_runs([e.experiment_id for e in client.search_experiments()])
    assert [run.info.status for run in runs] == ["FINISHED"]
    for (name, stage), kills in hits.items():
        outcome(name, stage, "the next `dvc repro` ends with the same `dvc.lock`", kills=kills, manual_repairs=0)
    if mended:
        outcome("kill -9 while dvc writes", "dvc.lock, rwlock", TORN, torn_files=mended)


def test_a_stage_whose_dvc_was_killed_ends_too(project_copy: Path, undisturbed: Path, outcome: Callable) -> None:
    """The stage is train: importing TensorFlow alone takes it longer than noticing."""
    log, lock = project_copy.parent / "log", project_copy / paths.STATE / "folder.lock"
    lock.unlink(missing_ok=True)
    process = start(project_copy, [*REPRO, "--force", "--single-item", "train"], log)
    while not lock.exists():
        assert process.poll() is None
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 60
    while group_is_alive(process.pid):
        assert time.monotonic() < deadline, "the stage has outlived its dvc"
        time.sleep(0.1)
    assert "the dvc that started this stage is gone" in log.read_text()
    assert_as_undisturbed(project_copy, undisturbed)
    outcome("kill -9 of dvc alone", "its stage", "ends within seconds, saying why", kills=1, orphans_left=0)


def test_what_dvc_was_writing_when_it_was_killed(project_copy: Path, undisturbed: Path, outcome: Callable) -> None:
    """DVC writes dvc.lock and its list of processes in place: a kill may leave any beginning of them."""
    lock = (project_copy / paths.LOCK).read_text()
    (project_copy / paths.LOCK).write_text(lock[: lock.index("  preprocess:") + 60])
    (project_copy / RWLOCK).write_text('{"write": {"/da')
    failed = subprocess.run(["dvc", "repro"], cwd=project_copy, env=ENVIRONMENT, capture_output=True, text=True)
    assert failed.returncode != 0
    said = call(project_copy, "herbarium", "check")
    assert "dvc.lock was cut off when dvc was killed: moved to .herbarium/torn/dvc.lock" in said
    assert ".dvc/tmp/rwlock was cut off" in said
    assert call(project_copy, "herbarium", "check") == "params.yaml is in order\n"
    assert_as_undisturbed(project_copy, undisturbed)
    outcome("kill -9 while dvc writes", "dvc.lock, rwlock", TORN, torn_files=2)
