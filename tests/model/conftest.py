"""One TensorFlow per test process, with the thread pool every test expects, and a project with stored images."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.identity import determinism
from pipeline.params.schema import Compute, Params
from tests.small_data import write_images

ROOT = Path(__file__).parents[2]

# While tests are collected, so before any of them can start TensorFlow with other threads.
THREADS = 2
determinism.prepare(Compute(precision="float32", threads=THREADS, storage="float32"))


@pytest.fixture
def params(params: Params) -> Params:
    """The real params.yaml, shrunk, its paths absolute: most tests have a working directory of their own."""
    return changed(params, backbone={"path": str(ROOT / params.backbone.path)})


def changed(params: Params, **sections: dict[str, Any]) -> Params:
    """`params` with other values in some sections; checked again, whole."""
    content = params.model_dump()
    for section, values in sections.items():
        content[section] |= values
    return Params.model_validate(content)


@pytest.fixture
def stored(project: Path) -> Path:
    """A project with 16 × 16 grey images of three classes, told apart by brightness."""
    write_images()
    return project


@pytest.fixture
def extracted(stored: Path) -> Callable[[Params], dict[str, Any]]:
    """Runs the extract-features stage for some parameters, whatever was extracted before; returns the index."""
    from pipeline.stages import extract_features

    def run(params: Params) -> dict[str, Any]:
        import shutil

        from pipeline.files import paths
        from pipeline.model import features

        shutil.rmtree(paths.FEATURES, ignore_errors=True)
        extract_features.run(params)
        return features.read_index()

    return run
