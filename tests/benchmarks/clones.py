"""A clone of the project with photographs of its own, to run commands in as a user does."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests import shipped

FOLDER = "data/originals/photographs"
_BLOCK = 1000  # images drawn at once


def clone(project: Path, values: Mapping[str, Any] | None = None) -> Path:
    """Clone what is committed here to `project`, with these dotted keys of params.yaml changed."""
    from pipeline.files import paths, records
    from pipeline.params import editing
    from tests.benchmarks.setting import ROOT

    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(project)], check=True)
    records.write_text(project / paths.PARAMS, editing.with_values(shipped.PARAMS, values or {}, str(paths.PARAMS)))
    return project


def of_photographs(project: Path, count: int, side: int, classes: int, values: Mapping[str, Any]) -> Path:
    """As `clone`, with so many photographs of side × side pixels: JPEG and PNG in turn, noise, none twice."""
    own = {"data.source": "image_folder", "data.name": "photographs", "data.path": FOLDER}
    clone(project, {**own, **values})
    random = np.random.default_rng(count)
    for label in range(classes):
        (project / FOLDER / f"class {label}").mkdir(parents=True)
    for start in range(0, count, _BLOCK):
        block = random.integers(0, 256, (min(_BLOCK, count - start), side, side, 3), dtype=np.uint8)
        for number, image in enumerate(block, start):
            suffix = "png" if number % 2 else "jpg"
            Image.fromarray(image).save(project / FOLDER / f"class {number % classes}" / f"{number}.{suffix}")
    return project


def run(folder: Path, *command: str, **variables: str) -> None:
    """Run this environment's program in the project, with those `variables`. Ends with its last words if it fails."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": "", **variables}
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if ended.returncode:
        sys.exit(f"{' '.join(command)}: {(ended.stdout + ended.stderr)[-2000:]}")


def dvc(folder: Path, *arguments: str, **variables: str) -> None:
    run(folder, sys.executable, "-m", "dvc", *arguments, **variables)
