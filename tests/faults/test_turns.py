"""A stage takes its turn, and ends with the `dvc` that started it."""

import os
import subprocess
import sys
from pathlib import Path

STAGE = """
import time
from pipeline.commands.stage_lock import turn
with turn():
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
    assert told.count("another stage is at work in this folder; waiting for its end") == 1
    assert told.count("done") == 2
