"""Small image folders and data sets, written and read with the real libraries."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.data import reading


@pytest.fixture
def painted() -> Callable[..., Path]:
    """A function that writes an image, its pixels a function of `seed`, to a path and returns it."""

    def paint(path: Path, seed: int) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(seed).integers(0, 256, (6, 5, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path, "PNG")
        return path

    return paint


@pytest.fixture
def read() -> Callable[..., list[reading.Example]]:
    """A function that reads a split string of a written data set."""

    def examples(folder: Path, name: str, text: str = "train", limit: int | None = None) -> list[reading.Example]:
        return list(reading.examples(reading.open_raw(folder, name), text, limit))

    return examples
