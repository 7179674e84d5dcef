"""A finished run, made by hand: its files, a dvc.lock that fits them, an experiment without a record."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import chdir
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from PIL import Image
from ruamel.yaml import YAML

from pipeline.files import paths, records
from pipeline.filing import consistency, locks, measurements, pictures, seed_runs
from pipeline.filing.seeds import REPORT, experiment_digest
from pipeline.params import config
from pipeline.results import predictions, typed_tables
from pipeline.results.predictions import Predictions
from pipeline.results.seeds import Replicates, Seed, to_json
from tests import shipped
from tests.conftest import ROOT
from tests.tracking.example import write_results


@pytest.fixture
def finished(project: Path) -> Iterator[Path]:
    """A run's files and a dvc.lock that fits them, made by hand; experiments/digits beside them."""
    for path, content in _files().items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_bytes(content)
    yield project
    assert not list(project.glob("**/.*.csv"))  # nothing half-written is left


@cache
def _files() -> dict[Path, bytes]:
    """Of `finished`, made once: many ask for them."""
    with TemporaryDirectory() as place, chdir(place):
        (Path(place) / paths.PARAMS).write_text(shipped.PARAMS, encoding="utf-8")
        shutil.copytree(ROOT / "experiments/digits", "experiments/digits", ignore=shutil.ignore_patterns("record"))
        _write_run()
        return {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}


def _write_run() -> None:
    generator = np.random.default_rng(1)
    write_results(generator.dirichlet([1, 1, 1], 6))
    write_measured(predictions.read(paths.PREDICTIONS))
    rows = [(f"image {i}", f"{i:064}") for i in range(6)]
    for picture in pictures.SOURCES:
        Image.new("RGB", (140, 70), "white").save(picture)
    for split in ("validation", "test"):
        records.write_csv(paths.ids(split), ["name", "sha256"], rows)
    write_lock()


def write_measured(tested: Predictions) -> None:
    """predictions.csv, and the metrics that follow from it."""
    predictions.write(paths.PREDICTIONS, tested)
    records.write_json(paths.METRICS, records.read_json(paths.METRICS) | consistency.recomputed(tested))


def write_lock(run: Path = Path(), seed: int | None = None) -> None:
    """A dvc.lock that fits the files of a `run`; `seed` in place of params.yaml's."""
    params = config.load().model_dump()
    params["train"]["seed"] = seed or params["train"]["seed"]
    sections = {name: params[name] for name in locks.READ}
    measured = [*measurements.TABLES.values(), *map(typed_tables.beside, measurements.TABLES.values())]
    outs = [
        {"path": str(path), "hash": "md5", "md5": records.md5(run / path)}
        for path in (*measured, paths.METRICS, paths.HISTORY, paths.TRAINING, paths.CURVES_PICTURE, paths.DATASET)
        if (run / path).exists()
    ]
    lock = {"stages": {"evaluate": {"cmd": f"{sys.executable}", "params": {"params.yaml": sections}, "outs": outs}}}
    with (run / paths.LOCK).open("w") as file:
        YAML().dump(lock, file)


def replicated(*right: int) -> list[Seed]:
    """What `replicate` leaves of the run here and of further seeds, of whose six test images so many were `right`."""
    training = records.read_json(paths.TRAINING)
    found = [seed_runs.outcome(1, records.read_json(paths.METRICS), training)]
    for seed, count in enumerate(right, 2):
        run = Path(f"run-{seed}")
        for path in (*measurements.TABLES.values(), paths.METRICS, paths.HISTORY, paths.TRAINING, paths.DATASET):
            (run / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, run / path)
        table = predictions.read(paths.PREDICTIONS)
        sure = np.where(np.arange(6)[:, None] < count, [0.8, 0.1, 0.1], [0.1, 0.8, 0.1])
        tested = Predictions(table.classes, table.names, table.labels, sure)
        predictions.write(run / paths.PREDICTIONS, tested)
        metrics = records.read_json(paths.METRICS) | consistency.recomputed(tested)
        records.write_json(run / paths.METRICS, metrics)
        records.write_json(run / paths.TRAINING, training | {"fingerprint": f"of seed {seed}"})
        write_lock(run, seed)
        seed_runs.keep(run, seed)
        found.append(seed_runs.outcome(seed, metrics, records.read_json(run / paths.TRAINING)))
        shutil.rmtree(run)
    records.write_json(REPORT, to_json(Replicates(experiment_digest(config.load()), 6, 6, tuple(found))))
    return found
