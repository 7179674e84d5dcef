"""A further run as a user waits for it: the whole command, beside the core that `cases.frozen_vgg16` measures.

The images of tf-flowers-vgg16 in number and size; the plain side is one epoch of fewer, scaled as it is there.
"""

import statistics
import tempfile
from pathlib import Path
from typing import Any

ROUNDS = 3
PRECISION = "float32"


def rows() -> list[Any]:
    """The first `dvc repro`, and `dvc exp run` with another learning rate, against every image in every epoch."""
    from tests.benchmarks import cases, clones
    from tests.benchmarks.cases import RECIPE, Row, seconds
    from tests.benchmarks.setting import CLASSES, VGG16

    height, epochs = VGG16["images"]["height"], VGG16["train"]["epochs"]
    network = {f"{section}.{key}": value for section, values in VGG16.items() for key, value in values.items()}
    rates = [f"train.learning_rate=0.000{2 + number}" for number in range(ROUNDS)]  # DVC remembers what it has run
    with tempfile.TemporaryDirectory() as folder:
        values = {**network, **splits(RECIPE), "compute.precision": PRECISION}
        project = clones.of_photographs(
            Path(folder, "project"), sum(int(n) for n in RECIPE.values()), height, CLASSES, values
        )
        first = seconds(lambda: clones.dvc(project, "repro"))
        again = statistics.median(seconds(lambda r=rate: clones.dvc(project, "exp", "run", "-S", r)) for rate in rates)
    plain = cases.plain_epoch(PRECISION) * epochs * cases.RECIPE_SCALE
    seen = RECIPE["train"] + RECIPE["validation"]  # images that go through the network in each epoch of the plain way
    name = f"frozen VGG16, {seen:,} images, {epochs} epochs, {PRECISION}"
    return [
        Row(
            f"{name}: the command `dvc exp run -S train.learning_rate=…`",
            plain,
            again,
            plain / again,
            "≥ 150",
            scaled=True,
        ),
        Row(f"{name}: the first `dvc repro`, from files to the page", plain, first, plain / first, "", scaled=True),
    ]


def splits(counts: dict[str, int]) -> dict[str, str]:
    """Slices of so many images each."""
    found, start = {}, 0
    for split, count in counts.items():
        found[f"data.splits.{split}"] = f"train[{start}:{start + count}]"
        start += count
    return found
