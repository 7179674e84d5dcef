"""One command at a time works in a folder, and a stage ends with the `dvc` that started it."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from pipeline.files import paths
from pipeline.process import folder_lock
from pipeline.process.errors import BusyError
from tests import dvc_project
from tests.servers import running, wait_until

STAGE = """
import time
from pipeline.process.folder_lock import stage_alone
with stage_alone("train"):
    print("at work", flush=True)
    time.sleep({seconds})
print("done", flush=True)
"""
GONE = "the dvc that started this stage is gone"


def stage(folder: Path, command: str, seconds: float) -> str:
    """What a stage at work for `seconds` writes; the shell that starts it has the place of dvc."""
    environment = {**os.environ, "DVC_STAGE": "train", "STAGE": STAGE.format(seconds=seconds)}
    run = subprocess.run(
        ["sh", "-c", command.replace("STAGE", f'{sys.executable} -c "$STAGE"')],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        start_new_session=True,
    )
    return run.stdout + run.stderr


def test_a_stage_works_while_its_dvc_waits(tmp_path: Path) -> None:
    told = stage(tmp_path, "STAGE; true", 1.5)  # longer than the watch sleeps
    assert told == "at work\ndone\n"


def test_a_stage_ends_after_its_dvc(tmp_path: Path) -> None:
    told = stage(tmp_path, "STAGE & sleep 3", 30)
    assert "at work" in told
    assert GONE in told
    assert "done" not in told


def test_a_stage_whose_dvc_was_gone_before_it_could_look_ends(tmp_path: Path) -> None:
    told = stage(tmp_path, "(sleep 0.5; exec STAGE) & true", 30)
    assert GONE in told
    assert "done" not in told


def test_one_stage_at_a_time(tmp_path: Path) -> None:
    told = stage(tmp_path, "STAGE & STAGE; wait", 1)
    assert len(re.findall(r"train \(process \d+\) is at work in this folder; waiting for its end", told)) == 1
    assert told.count("done") == 2


SWEEP = """
import subprocess, sys, time
from pipeline.process.folder_lock import command_alone, lent, outputs_kept
with command_alone("herbarium sweep", wait=True):
    print("alone", flush=True)
    with outputs_kept("herbarium sweep"):
        print("outputs kept", flush=True)
        time.sleep({seconds})
print("done", flush=True)
"""
PIPELINE = """
stages:
  extract-features:
    cmd: {python} -c "$STAGE"
    outs: [data/features]
  train:
    cmd: sleep 1 && mkdir -p models && date +%N > models/model.keras
    deps: [data/features]
    outs: [models/model.keras]
"""
EXTRACT = """
import os, time
from pipeline.process.folder_lock import stage_alone
with stage_alone("extract-features"):
    time.sleep(1)
    os.makedirs("data", exist_ok=True)
    open("data/features", "w").write(str(os.getpid()))
"""
ENVIRONMENT = {**os.environ, "STAGE": EXTRACT, "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def dvc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., subprocess.CompletedProcess]]:
    """Calls `dvc` in a project of two stages that take a second each, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dvc.yaml").write_text(PIPELINE.format(python=sys.executable))
    dvc_project.begin(tmp_path)

    def call(*arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-m", "dvc", *arguments], env=ENVIRONMENT, capture_output=True, text=True
        )

    return call


def test_a_dvc_beside_a_sweep_is_refused_before_it_removes_anything(
    dvc: Callable, tmp_path: Path, outcome: Callable
) -> None:
    assert dvc("repro").returncode == 0
    before = Path("data/features").read_bytes(), Path("models/model.keras").read_bytes()
    log = tmp_path / "log"
    with running([sys.executable, "-c", SWEEP.format(seconds=60)], log) as sweep:
        wait_until(lambda: "outputs kept" in log.read_text(), "the sweep", 60)
        refused = dvc("repro", "--force")
        assert refused.returncode != 0
        assert f"(PID {sweep.pid}): herbarium sweep" in refused.stderr
        assert (Path("data/features").read_bytes(), Path("models/model.keras").read_bytes()) == before
        with pytest.raises(BusyError, match=rf"promote: herbarium sweep \(process {sweep.pid}\) is at work"):
            folder_lock.command_alone("herbarium promote").__enter__()
        os.kill(sweep.pid, signal.SIGKILL)
        sweep.wait()
    assert dvc("repro", "--force").returncode == 0  # a killed one stands in nobody's way
    outcome(
        "`dvc repro` beside a sweep",
        "features, model",
        "refused by name, nothing removed; a killed sweep holds none",
        kills=1,
    )


def test_a_sweep_waits_for_the_whole_of_a_dvc_and_a_promotion_says_no(
    dvc: Callable, tmp_path: Path, outcome: Callable
) -> None:
    log, repro = tmp_path / "log", [sys.executable, "-m", "dvc", "repro"]
    with running(repro, tmp_path / "dvc.log", ENVIRONMENT) as process:
        wait_until(lambda: "Running stage" in (tmp_path / "dvc.log").read_text(), "dvc", 60)
        with pytest.raises(BusyError, match=r"promote: (dvc|extract-features) .*is at work"):
            folder_lock.command_alone("herbarium promote").__enter__()
        with running([sys.executable, "-c", SWEEP.format(seconds=0)], log) as sweep:
            assert process.wait(60) == 0
            assert Path("models/model.keras").exists()
            assert sweep.wait(60) == 0
    assert "is at work in this folder; waiting for its end" in log.read_text()
    assert log.read_text().endswith("alone\noutputs kept\ndone\n")
    outcome("a sweep beside `dvc repro`", "folder", "waits for its end, between two stages too", faults=1)


def test_the_stages_a_command_starts_work_within_its_lock(dvc: Callable) -> None:
    with folder_lock.command_alone("herbarium sweep"):
        environment = {**ENVIRONMENT, **folder_lock.lent()}
        command = [sys.executable, "-m", "dvc", "repro", "extract-features"]
        done = subprocess.run(command, env=environment, timeout=60, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        with pytest.raises(BusyError):
            folder_lock.command_alone("herbarium promote").__enter__()
    with folder_lock.command_alone("herbarium promote"):
        pass


def test_who_was_killed_is_not_named_instead_of_who_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is somebody who has ended; and while a holder has not said who it is, nobody is named for it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(folder_lock, "_SAID_SECONDS", 0.4)
    holder = paths.STATE / "folder.json"
    with folder_lock.command_alone("herbarium sweep"):
        assert f"herbarium sweep (process {os.getpid()})" == folder_lock.at_work()
    assert not holder.exists()
    ended = subprocess.Popen(["true"])
    ended.wait()
    holder.write_text(json.dumps({"command": "herbarium sweep", "pid": ended.pid}))  # as kill -9 leaves it
    assert folder_lock.at_work() is None
    with FileLock(paths.STATE / "folder.lock"):
        assert folder_lock.at_work() == "another command"
        with pytest.raises(BusyError, match="promote: another command is at work"):
            folder_lock.command_alone("herbarium promote").__enter__()


def test_who_only_looks_whether_somebody_works_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    looks = """
from pipeline.process import folder_lock
print("looking", flush=True)
while True:
    folder_lock.at_work()
"""
    paths.STATE.mkdir()
    with running([sys.executable, "-c", looks], tmp_path / "log", ENVIRONMENT):
        wait_until(lambda: "looking" in (tmp_path / "log").read_text(), "the looks", 60)
        for _ in range(5):
            with folder_lock.command_alone("herbarium promote"):
                pass
