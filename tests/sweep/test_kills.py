"""A sweep that is killed again and again is the sweep that nothing happened to."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.servers import wait_until
from tests.test_pipeline import ENVIRONMENT

from .whole import SECONDS, Swept, shows_every_trial_once

pytestmark = pytest.mark.slow

KILLS = 10
SEED = 20
WORKERS = 2  # of one sweep are killed at most: a third death of one trial would be its end, and rightly so


class Victim:
    """A sweep of two workers in a process group of its own, started again where it was after it died."""

    def __init__(self, swept: Swept, storage: str, uri: str, log: Path) -> None:
        self._command = [sys.executable, "-m", "pipeline", "sweep", "--workers", "2", "--storage", storage]
        self._environment = {**ENVIRONMENT, "MLFLOW_TRACKING_URI": uri}
        self._folder, self.log = swept.folder, log
        self.start()

    def start(self) -> None:
        settings = {"cwd": self._folder, "env": self._environment, "start_new_session": True}
        with self.log.open("ab") as words:
            self._process = subprocess.Popen(self._command, stdout=words, stderr=words, **settings)
        self._killed_workers = 0

    def ended_within(self, seconds: float) -> bool:
        try:
            assert self._process.wait(seconds) == 0, self.log.read_text()
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self, whom: str, chance: random.Random) -> str:
        """Kill one worker, or the coordinator, or everything; returns who it was in the end."""
        alive = [p for p in psutil.Process(self._process.pid).children() if "spawn_main" in " ".join(p.cmdline())]
        if whom == "worker" and alive and self._killed_workers < WORKERS:
            os.kill(chance.choice(alive).pid, signal.SIGKILL)
            self._killed_workers += 1
            return "worker"
        (os.killpg if whom == "group" else os.kill)(self._process.pid, signal.SIGKILL)
        self._process.wait()
        wait_until(self._everything_gone, "the end of the workers without their coordinator")
        return "group" if whom == "group" else "coordinator"

    def _everything_gone(self) -> bool:
        try:
            os.killpg(self._process.pid, 0)
        except ProcessLookupError:
            return True
        return False


def test_ten_kills_at_random_moments_change_nothing(swept: Swept, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    storage, uri = f"sqlite:///{tmp_path}/optuna.db", f"sqlite:///{tmp_path}/mlflow.db"
    sweep = Victim(swept, storage, uri, tmp_path / "log")
    killed = []
    while len(killed) < KILLS:
        seconds = chance.uniform(0, 0.6) * swept.seconds
        if sweep.ended_within(seconds):
            sweep.start()
            continue
        killed.append(sweep.kill(chance.choice(["worker", "coordinator", "group"]), chance))
        print(f"after {seconds:.1f} s: {killed[-1]}")
        if killed[-1] != "worker":
            sweep.start()
    assert set(killed) == {"worker", "coordinator", "group"}
    assert sweep.ended_within(SECONDS)
    assert swept.trials() == swept.expected
    shows_every_trial_once(storage, uri)
