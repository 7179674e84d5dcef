"""A finished run, made by hand: its files, a dvc.lock that fits them, an experiment without a record."""

import hashlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from pipeline.files import paths, records
from pipeline.filing import consistency
from pipeline.params import config
from pipeline.results import predictions
from pipeline.results.predictions import Predictions
from tests.conftest import ROOT
from tests.tracking.example import write_results


@pytest.fixture
def finished(project: Path) -> Iterator[Path]:
    """A run's files and a dvc.lock that fits them, made by hand; experiments/digits beside them."""
    shutil.copytree(ROOT / "experiments/digits", project / "experiments/digits")
    shutil.rmtree(project / "experiments/digits/record", ignore_errors=True)
    generator = np.random.default_rng(1)
    write_results(generator.dirichlet([1, 1, 1], 6))
    write_measured(predictions.read(paths.PREDICTIONS))
    rows = [(f"image {i}", f"{i:064}") for i in range(6)]
    records.write_csv(paths.ids("test"), ["name", "sha256"], rows)
    write_lock()
    yield project
    assert not list(project.glob("**/.*.csv"))  # nothing half-written is left


def write_measured(tested: Predictions) -> None:
    """predictions.csv, and the metrics that follow from it."""
    predictions.write(paths.PREDICTIONS, tested)
    records.write_json(paths.METRICS, records.read_json(paths.METRICS) | consistency.recomputed(tested))


def write_lock() -> None:
    params = config.load().model_dump()
    sections = {name: params[name] for name in ("images", "backbone", "head", "train", "compute")}
    outs = [
        {"path": str(path), "hash": "md5", "md5": hashlib.md5(path.read_bytes()).hexdigest()}
        for path in (paths.METRICS, paths.PREDICTIONS, paths.HISTORY, paths.TRAINING)
    ]
    lock = {"stages": {"evaluate": {"cmd": f"{sys.executable}", "params": {"params.yaml": sections}, "outs": outs}}}
    with paths.LOCK.open("w") as file:
        YAML().dump(lock, file)
