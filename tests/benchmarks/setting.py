"""A project of synthetic photographs for a benchmark: time and memory do not depend on what is on them."""

import contextlib
import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.files import paths, records
from pipeline.params import config
from pipeline.params.schema import Params
from tests import shipped

ROOT = Path(__file__).parents[2]
CLASSES = 5

# The recipe of tf-flowers-vgg16, with random weights: they take the same time.
VGG16 = {
    "images": {"height": 160, "width": 160, "channels": 3, "scale": "symmetric"},
    "backbone": {"name": "VGG16", "weights": "none", "layers": [], "max_unfrozen_layers": 0},
    "head": {"units": [512], "dropout": 0.0},
    "train": {"unfrozen_layers": 0, "learning_rate": 1e-4, "batch_size": 20, "epochs": 20},
}


def parameters(*changes: dict[str, dict[str, Any]]) -> Params:
    """The shipped params.yaml with sections' keys changed, checked."""
    content = shipped.content()
    content["sweep"]["space"] = {"train.learning_rate": {"low": 1e-4, "high": 1e-2, "log": True}}
    for change in changes:
        for section, values in change.items():
            content[section].update(values)
    return config.check(content, "benchmark")


@contextlib.contextmanager
def project(params: Params, counts: dict[str, int]) -> Iterator[Path]:
    """Work in a temporary folder that holds `counts` random images a split."""
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        shape = (params.images.height, params.images.width, params.images.channels)
        for split, count in counts.items():
            _write(split, count, shape)
        records.write_json(paths.CLASSES, [f"class {k}" for k in range(CLASSES)])
        yield Path(name)


def _write(split: str, count: int, shape: tuple[int, int, int]) -> None:
    random = np.random.default_rng([count, len(split)])
    path = paths.images(split)
    path.parent.mkdir(parents=True)
    images = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(count, *shape))
    for start in range(0, count, 1000):
        block = images[start : start + 1000]
        block[:] = random.integers(0, 256, block.shape, dtype=np.uint8)
    images.flush()
    records.write_npy(paths.labels(split), random.integers(0, CLASSES, count))
    rows = [(f"{split} {i}", hashlib.sha256(f"{split} {i}".encode()).hexdigest()) for i in range(count)]
    records.write_csv(paths.ids(split), ["name", "sha256"], rows)
