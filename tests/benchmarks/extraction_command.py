"""Extraction as a user waits for it: the whole stage, with few new images, and by two processes instead of one."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

IMAGES, SHARE = 2_000, 0.01


def rows() -> list[Any]:
    """A stage with 1 % new images against a full one; two workers of a thread against one, in another clone each."""
    from tests.benchmarks import clones
    from tests.benchmarks.cases import Row, seconds

    def extract(project: Path, **environment: str) -> float:
        clones.dvc(project, "repro", "preprocess")
        return seconds(lambda: clones.dvc(project, "repro", "extract-features", **environment))

    with tempfile.TemporaryDirectory() as folder:
        project = _project(Path(folder, "two threads"), threads=2)
        whole = extract(project)
        _leave_out(project, int(IMAGES * SHARE))
        same = extract(project)
        _add(project, int(IMAGES * SHARE))
        new = extract(project)
        alone, together = (
            extract(_project(Path(folder, f"workers {count}"), threads=1), HERBARIUM_WORKERS=str(count))
            for count in (1, 2)
        )
    name = f"extract-features, VGG16, {IMAGES:,} images"
    return [
        Row(f"{name}, none of them new", whole, same, whole / same, ""),
        Row(f"{name}, 1 % of them new", whole, new, (new - same) / (whole - same), "≤ 0.03", "of what a full one adds"),
        Row(f"{name}, by two processes of a thread, and by one", alone, together, alone / together, "≥ 1.8"),
    ]


def _project(project: Path, threads: int) -> Path:
    from tests.benchmarks import clones
    from tests.benchmarks.setting import CLASSES, VGG16

    network = {f"{section}.{key}": value for section, values in VGG16.items() for key, value in values.items()}
    values = {**network, "compute.threads": threads}
    return clones.of_photographs(project, IMAGES, VGG16["images"]["height"], CLASSES, values)


def _photographs(project: Path) -> list[Path]:
    from tests.benchmarks import clones

    return sorted((project / clones.FOLDER).rglob("*.*"))


def _leave_out(project: Path, count: int) -> None:
    for photograph in _photographs(project)[:count]:
        photograph.unlink()


def _add(project: Path, count: int) -> None:
    """Turned upside down, a photograph is another."""
    from PIL import Image

    for photograph in _photographs(project)[-count:]:
        pixels = np.asarray(Image.open(photograph))
        Image.fromarray(pixels[::-1]).save(photograph.with_name(f"turned {photograph.stem}.png"))
