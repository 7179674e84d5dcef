"""Nothing that decides looks at the test images: they are taken away, and any attempt to open one is an error."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.files import paths, records
from pipeline.params import config
from pipeline.params.schema import Params
from tests.rendered import render
from tests.sweep.conftest import SPACE, SWEEP, small_features  # noqa: F401 - a fixture

TRAP = """
import sys, traceback
def trap(event, arguments):
    if event == "open" and "/test/" in f"{arguments[0]}".replace("\\\\", "/") and "data/" in f"{arguments[0]}":
        with open("TRAPPED", "a") as log:
            log.write(f"{arguments[0]}\\n")
        raise PermissionError(f"the test split was opened: {arguments[0]}")
sys.addaudithook(trap)
"""
SWEEPING = """
from pipeline.params import config
from pipeline.sweep import coordinator, executors, plans
from pipeline.sweep.coordinator import Listener
if __name__ == "__main__":
    with executors.started(2) as workers:
        done = coordinator.run(plans.of(config.load()), workers, Listener())
    print([trial.state for trial in done])
"""


@pytest.fixture
def trapped(project: Path, params: Params, small_features: Path, tmp_path: Path) -> dict[str, str]:  # noqa: F811
    """A project with stored activations whose test split is gone; returns the environment with the trap in it."""
    shutil.copytree(small_features / "data", project / "data")
    content = params.model_dump()
    root = Path(__file__).parents[2]
    content["backbone"]["path"] = str(root / content["backbone"]["path"])
    content["sweep"] |= {**SWEEP, "trials": 4, "audit_top": 0, "space": SPACE}
    records.write_text(paths.PARAMS, render(config.check(content, "params.yaml").model_dump()))
    for folder in (paths.IMAGES / "test", paths.FEATURES / "test"):
        shutil.rmtree(folder)
    (tmp_path / "trap").mkdir()
    (tmp_path / "trap/sitecustomize.py").write_text(TRAP)
    search = os.pathsep.join([str(tmp_path / "trap"), str(root)])
    return {**os.environ, "PYTHONPATH": search, "TF_CPP_MIN_LOG_LEVEL": "3"}


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False)


def test_the_trap_works(trapped: dict[str, str]) -> None:
    done = run(trapped, "-c", "import numpy; numpy.load('data/images/test/labels.npy')")
    assert "the test split was opened" in done.stderr
    assert Path("TRAPPED").read_text() == "data/images/test/labels.npy\n"


@pytest.mark.slow
def test_training_and_sweeping_do_without(trapped: dict[str, str], outcome: Callable[..., None]) -> None:
    trained = run(trapped, "-m", "pipeline", "train")
    assert trained.returncode == 0, trained.stderr
    assert paths.MODEL.exists()
    Path("sweeping.py").write_text(SWEEPING)
    swept = run(trapped, "sweeping.py")
    assert swept.returncode == 0, swept.stderr
    assert swept.stdout.count("complete") == 4
    assert not Path("TRAPPED").exists()
    outcome("the test split taken away and guarded", "train, sweep (2 workers)", "never opened", trials=4, trainings=1)
