"""A sweep that is killed again and again is the sweep that nothing happened to."""

import contextlib
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Self

import psutil
import pytest

from tests.servers import group_is_alive, wait_until
from tests.test_pipeline import ENVIRONMENT

from .whole import SECONDS, Swept, shows_every_trial_once, told

pytestmark = pytest.mark.patient

KILLS = 10
SEED = 14
LATER_SECONDS = 5.0  # at most, after what was waited for
WORKERS = 2  # of one sweep are killed at most: a third death of one trial would be its end, and rightly so


class Victim:
    """A sweep of two workers in a process group of its own, started again where it was after it died."""

    def __init__(self, swept: Swept, storage: str, uri: str, log: Path) -> None:
        self._command = [sys.executable, "-m", "pipeline", "sweep", "--workers", "2", "--storage", storage]
        self._environment = {**ENVIRONMENT, "MLFLOW_TRACKING_URI": uri}
        self._folder, self._log = swept.folder, log
        self.start()

    def start(self) -> None:
        settings = {"cwd": self._folder, "env": self._environment, "start_new_session": True}
        with self._log.open("ab") as words:
            self._process = subprocess.Popen(self._command, stdout=words, stderr=words, **settings)
        self._spared = WORKERS

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def ended(self, seconds: float = 0.0) -> bool:
        """Whether it has come to its end, which must be a good one, within some seconds."""
        try:
            assert self._process.wait(seconds) == 0, self._log.read_text()
        except subprocess.TimeoutExpired:
            return False
        return True

    def await_trial(self) -> None:
        """Return when one more trial has been recorded, or at the end."""
        before = told(self._log)
        wait_until(lambda: told(self._log) > before or self.ended(), "a trial", SECONDS)

    def await_workers(self) -> None:
        wait_until(lambda: bool(self._workers()) or self.ended(), "the workers", SECONDS)

    def kill(self, whom: str, chance: random.Random) -> str:
        """Kill one worker, or the coordinator, or everything; returns who it was in the end."""
        if whom == "worker" and self._spared and (alive := self._workers()):
            os.kill(chance.choice(alive).pid, signal.SIGKILL)
            self._spared -= 1
            return "worker"
        (os.killpg if whom == "group" else os.kill)(self._process.pid, signal.SIGKILL)
        self._process.wait()
        wait_until(lambda: not group_is_alive(self._process.pid), "the end of the workers without their coordinator")
        return "group" if whom == "group" else "coordinator"

    def _workers(self) -> list[psutil.Process]:
        return [child for child in psutil.Process(self._process.pid).children() if _is_worker(child)]


def _is_worker(process: psutil.Process) -> bool:
    try:
        return "spawn_main" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # or a zombie: killed before
        return False


def test_ten_kills_at_random_moments_change_nothing(swept: Swept, tmp_path: Path, outcome: Callable[..., None]) -> None:
    chance = random.Random(SEED)
    storage, uri = f"sqlite:///{tmp_path}/optuna.db", f"sqlite:///{tmp_path}/mlflow.db"
    with Victim(swept, storage, uri, tmp_path / "log") as sweep:
        killed: list[str] = []
        while len(killed) < KILLS:
            whom = chance.choice(["worker", "worker", "coordinator", "group"])
            awaited = chance.choice(["", "workers", "trial"])
            if awaited:
                {"workers": sweep.await_workers, "trial": sweep.await_trial}[awaited]()
            seconds = chance.uniform(0, LATER_SECONDS)
            if sweep.ended(seconds):
                sweep.start()
                continue
            killed.append(sweep.kill(whom, chance))
            print(f"{seconds:.1f} s after {awaited or 'the last'}: {killed[-1]}")
            if killed[-1] != "worker":
                sweep.start()
        assert set(killed) == {"worker", "coordinator", "group"}
        assert sweep.ended(SECONDS)
    assert swept.trials() == swept.expected
    shows_every_trial_once(storage, uri)
    for whom, kills in Counter(killed).items():
        what = {"group": "coordinator and workers"}.get(whom, whom)
        outcome("kill -9", f"sweep: {what}", "the same trials.csv, every trial once in MLflow", kills=kills)
