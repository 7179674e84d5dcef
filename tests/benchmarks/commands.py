"""What a user waits for: whole commands on the default experiment, imports and all, in a clone of the project."""

import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROUNDS = 3
WEIGHTS = "pipeline/model/fashion_cnn/backbone.weights.h5"


def rows() -> list[Any]:
    """`dvc repro --force` against the plain script, in turn; fetch and preprocess, which go without TensorFlow."""
    from tests.benchmarks import clones
    from tests.benchmarks.cases import Row, seconds

    rates = iter(range(2, 2 + ROUNDS))  # thousandths; DVC remembers what it has run
    with tempfile.TemporaryDirectory() as folder:
        project = clones.clone(Path(folder, "project"))
        clones.dvc(project, "repro")

        def call(*command: str) -> Callable[[], object]:
            return lambda: clones.run(project, *command)

        script = str(Path(__file__).with_name("plain_script.py"))
        actions = {
            "plain": call(sys.executable, script, WEIGHTS, f"{folder}/curves.png"),
            "repro": call(sys.executable, "-m", "dvc", "repro", "--force"),
            "fetch": call(sys.executable, "-m", "pipeline", "fetch"),
            "preprocess": call(sys.executable, "-m", "pipeline", "preprocess"),
            "again": lambda: clones.dvc(project, "exp", "run", "-S", f"train.learning_rate=0.00{next(rates)}"),
        }
        measured: dict[str, list[float]] = {name: [] for name in actions}
        for _ in range(ROUNDS):
            for name, action in actions.items():
                measured[name].append(seconds(action))
            clones.run(project, "git", "checkout", "--force", "HEAD")
    taken = {name: statistics.median(times) for name, times in measured.items()}
    against = taken["repro"] / taken["plain"]
    return [
        Row(
            "digits: `dvc repro --force`",
            taken["plain"],
            taken["repro"],
            against,
            "≤ 2.5",
            "times a plain Keras script's",
        ),
        *(
            Row(f"digits: the stage {name}", None, taken[name], taken[name], "≤ 3", "s")
            for name in ("fetch", "preprocess")
        ),
        Row("digits: `dvc exp run` with another learning rate", None, taken["again"], taken["again"], "", "s"),
    ]
