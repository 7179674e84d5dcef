"""A project under git and DVC, tiny, whose experiment has run and is on record."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.files import records
from pipeline.filing import writing
from pipeline.params import config
from pipeline.review import workspace
from tests.conftest import ROOT, shrunk
from tests.filing.conftest import finished  # noqa: F401 - a fixture
from tests.rendered import render

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
    text = render(config.check(shrunk(config.read_yaml(ROOT / "params.yaml")), "params").model_dump())
    here = Path.cwd()
    os.chdir(folder)
    try:
        for target in (Path("params.yaml"), Path("experiments/digits/params.yaml")):
            target.write_text(text, encoding="utf-8")
        git("init", "--quiet")
        commit("experiment")
        workspace.dvc_repro(Path(), lambda _: None)
        writing.file_results("digits")
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
