"""A project under git and DVC, tiny, whose experiment has run and is on record; and a finished run without any."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from pipeline import config, paths, predictions, records
from pipeline.predictions import Predictions
from pipeline.review import consistency, record, rendering, workspace
from tests.conftest import ROOT, shrunk
from tests.tracking.example import write_results

COPIED = ("pipeline", "data/originals", ".dvc/config", ".dvcignore", ".gitignore", "dvc.yaml", "params.yaml")


def git(*arguments: str) -> None:
    identity = ["-c", "user.name=tests", "-c", "user.email=tests@example.org"]
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


def commit(message: str = "change") -> None:
    git("add", "--all")
    git("commit", "--quiet", "--allow-empty", "--message", message)


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The experiment `digits`, shrunk, run by DVC, filed and committed. Copy it before changing it."""
    folder = tmp_path_factory.mktemp("recorded")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, folder / name)
    shutil.copytree(ROOT / "experiments/digits", folder / "experiments/digits")
    shutil.rmtree(folder / "experiments/digits/record", ignore_errors=True)
    text = rendering.render(config.check(shrunk(config.read_yaml(ROOT / "params.yaml")), "params").model_dump())
    here = Path.cwd()
    os.chdir(folder)
    try:
        for target in (Path("params.yaml"), Path("experiments/digits/params.yaml")):
            target.write_text(text, encoding="utf-8")
        git("init", "--quiet")
        commit("experiment")
        workspace.dvc_repro(Path(), lambda _: None)
        record.file_results("digits")
        commit("record")
    finally:
        os.chdir(here)
    return folder


@pytest.fixture
def reviewed(recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of `recorded` to work in, which shares its DVC cache."""
    folder = tmp_path / "project"
    shutil.copytree(recorded, folder, symlinks=True, ignore=shutil.ignore_patterns("cache", "tmp"))
    records.write_text(folder / ".dvc/config.local", f"[cache]\n    dir = {recorded / '.dvc/cache'}\n")
    monkeypatch.chdir(folder)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return folder


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
