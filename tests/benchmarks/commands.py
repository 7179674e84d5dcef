"""What a user waits for: whole commands on the default experiment, imports and all, in a clone of the project."""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROUNDS = 3
WEIGHTS = "pipeline/model/fashion_cnn/backbone.weights.h5"


def rows() -> list[Any]:
    """`dvc repro --force` against the plain script, in turn; fetch and preprocess, which go without TensorFlow."""
    from tests.benchmarks.cases import Row, seconds

    rates = iter(range(2, 2 + ROUNDS))  # thousandths; DVC remembers what it has run
    with tempfile.TemporaryDirectory() as folder:
        project = _clone(Path(folder, "project"))

        def call(*command: str) -> Callable[[], object]:
            return lambda: _run(project, *command)

        script = str(Path(__file__).with_name("plain_script.py"))
        actions = {
            "plain": call(sys.executable, script, WEIGHTS, f"{folder}/curves.png"),
            "repro": call(sys.executable, "-m", "dvc", "repro", "--force"),
            "fetch": call(sys.executable, "-m", "pipeline", "fetch"),
            "preprocess": call(sys.executable, "-m", "pipeline", "preprocess"),
            "again": lambda: _run(project, *_exp_run(next(rates))),
        }
        measured: dict[str, list[float]] = {name: [] for name in actions}
        for _ in range(ROUNDS):
            for name, action in actions.items():
                measured[name].append(seconds(action))
            _run(project, "git", "checkout", "--force", "HEAD")
    taken = {name: statistics.median(times) for name, times in measured.items()}
    against = taken["repro"] / taken["plain"]
    return [
        Row("digits: `dvc repro --force` over a plain Keras script", taken["plain"], taken["repro"], against, "≤ 2.5"),
        *(
            Row(f"digits: {name}, seconds of the command", None, taken[name], taken[name], "≤ 3")
            for name in ("fetch", "preprocess")
        ),
        Row("digits: another learning rate, seconds of the command", None, taken["again"], taken["again"], ""),
    ]


def _exp_run(rate: int) -> list[str]:
    return [sys.executable, "-m", "dvc", "exp", "run", "-S", f"train.learning_rate=0.00{rate}"]


def _clone(project: Path) -> Path:
    from tests.benchmarks.setting import ROOT

    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(project)], check=True)
    _run(project, sys.executable, "-m", "dvc", "repro")
    return project


def _run(folder: Path, *command: str) -> None:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(command, cwd=folder, env={**environment, "PYTHONPATH": ""}, check=True, capture_output=True)
