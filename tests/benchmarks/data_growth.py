"""Time and memory of `dvc repro` by the number of images, from a folder of files to the page: linear and flat.

What takes as long however many images there are, imports above all, is measured with FEW of them and taken off.
"""

import math
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FEW, SIZES = 100, (10_000, 100_000)
SIDE, CLASSES = 32, 10
VALUES = {
    "images.height": SIDE,
    "images.width": SIDE,
    "images.channels": 3,
    "backbone.weights": "none",
    "backbone.layers": [8, "pool", 16, "pool"],
    "backbone.max_unfrozen_layers": 0,
    "train.unfrozen_layers": 0,
    "train.epochs": 1,
    "train.batch_size": 128,
}


@dataclass(frozen=True)
class Taken:
    """Seconds of the whole command, and of each stage its seconds and the most megabytes its process held."""

    seconds: float
    of_stages: dict[str, float]
    megabytes: dict[str, float]


def measure(images: int) -> Taken:
    """`dvc repro` in a new clone; making the images is not in its time."""
    from pipeline.files import records
    from pipeline.identity import resources
    from tests.benchmarks import clones
    from tests.benchmarks.cases import seconds

    with tempfile.TemporaryDirectory() as folder:
        project = clones.of_photographs(Path(folder, "project"), images, SIDE, CLASSES, VALUES)
        whole = seconds(lambda: clones.dvc(project, "repro"))
        notes = {file.stem: records.read_json(file) for file in (project / resources.FOLDER).glob("*.json")}
    of_stages = {stage: float(note["seconds"]) for stage, note in notes.items()}
    return Taken(whole, of_stages, {stage: note["peak_bytes"] / 2**20 for stage, note in notes.items()})


def rows() -> list[Any]:
    """Time and peak memory as powers of the number of images: 1 is linear, 0 is flat.

    TensorFlow Datasets keeps what it is given, up to 1 GB, until it has all, and fetch a name and a hash of each file:
    it has a row of its own.
    """
    from tests.benchmarks.cases import Row

    # The first of all waits for the disk, on which lies what is imported: it does not count.
    _, few, first, last = (measure(images) for images in (FEW, FEW, *SIZES))
    time = power(first.seconds - few.seconds, last.seconds - few.seconds)
    sizes = f"{SIZES[0]:,} to {SIZES[1]:,} images of {SIDE} × {SIDE}"
    of_stage = {stage: power(before, last.megabytes[stage]) for stage, before in first.megabytes.items()}
    worst = max(of_stage.keys() - {"fetch"}, key=lambda stage: of_stage[stage])
    names = {"fetch": "", worst: ", whose grows most of the others"}
    return [
        Row(
            f"`dvc repro` of a folder: time grows with the number of images ({sizes})",
            None,
            last.seconds,
            time,
            "≈ 1",
            "is the exponent",
        ),
        *(
            Row(
                f"memory of {stage}{said} ({first.megabytes[stage]:.0f} to {last.megabytes[stage]:.0f} MB)",
                None,
                None,
                of_stage[stage],
                "≈ 0",
                "is the exponent",
            )
            for stage, said in names.items()
        ),
    ]


def power(first: float, last: float) -> float:
    """Of the number of images, that `first` grows with to `last`."""
    return math.log(last / first) / math.log(SIZES[1] / SIZES[0])


if __name__ == "__main__":
    for images in map(int, sys.argv[1:]):
        print(images, measure(images), flush=True)
