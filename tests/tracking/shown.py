"""What there is to see in MLflow: two finished runs and a sweep of the default experiment, really trained.

`write` makes the folder; in it runs `python -m tests.tracking.shown`, a process of its own because TensorFlow keeps the
threads it was started with.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from pipeline.files import paths
from pipeline.params import config
from tests import shipped
from tests.rendered import render

ROOT = Path(__file__).parents[2]
RATES = (0.001, 0.003)
_SMALL = {"data": {"limit": 150}, "train": {"epochs": 3}, "sweep": {"trials": 4, "audit_top": 0}}


def write(folder: Path, small: bool) -> None:
    """Everything a project's folder has after both runs and the sweep; `small`: few images, epochs and trials."""
    content = shipped.runnable()
    for section, values in (_SMALL if small else {}).items():
        content[section] |= values
    _write_params(folder, content)
    shutil.copy(ROOT / paths.PIPELINE, folder)
    own = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "OPTUNA_"))}
    command = [sys.executable, "-m", "tests.tracking.shown"]
    done = subprocess.run(command, cwd=folder, env={**own, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def _write_params(folder: Path, content: dict) -> None:
    (folder / paths.PARAMS).write_text(render(config.check(content, str(paths.PARAMS)).model_dump()))


def main() -> None:
    from pipeline.commands import stages
    from pipeline.commands.setup import prepared
    from pipeline.identity import determinism
    from pipeline.sweep import command, plans

    determinism.prepare(prepared().compute)  # before fetch starts TensorFlow in its own way
    for prepare in (stages.fetch, stages.preprocess, stages.extract_features):
        prepare()
    content = config.read_yaml(paths.PARAMS)
    for rate in RATES:
        content["train"]["learning_rate"] = rate
        _write_params(Path(), content)
        stages.train()
        stages.evaluate()
    print(command.run(plans.of(config.load())))


if __name__ == "__main__":
    main()
