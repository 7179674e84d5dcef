"""A project under git and DVC, tiny, whose experiment has run and is on record; and one whose runs are made by hand."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.files import paths, records
from pipeline.filing import image_sets, reading, writing
from pipeline.params import config
from pipeline.results.seeds import Seed
from pipeline.review import cached, rerun, workspace
from pipeline.review.rerun import Rerun
from pipeline.review.workspace import Workspace
from tests import shipped
from tests.conftest import shrunk
from tests.filing.conftest import finished
from tests.rendered import render


def git(*arguments: str) -> None:
    identity = ["-c", "user.name=tests", "-c", "user.email=tests@example.org"]
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


def commit(message: str = "change") -> None:
    git("add", "--all")
    git("commit", "--quiet", "--allow-empty", "--message", message)


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The experiment `digits`, shrunk, run by DVC, filed and committed. Copy it before changing it."""
    folder = shipped.write_project(tmp_path_factory.mktemp("recorded"), "experiments/digits")
    shutil.rmtree(folder / "experiments/digits/record", ignore_errors=True)
    text = render(config.check(shrunk(shipped.content()), "params").model_dump())
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


@pytest.fixture
def repository(finished: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run made by hand, under git, with nothing on record yet; DVC's cache is empty."""
    records.write_text(Path(".gitignore"), "/data/\n/models/\n/reports/\n.herbarium/\n")
    records.write_json(Path("pipeline/versions.json"), {})
    git("init", "--quiet")
    commit("experiment")
    monkeypatch.setattr(cached, "folder", lambda: finished / ".dvc/cache")
    return finished


Again = Callable[..., list[int]]


def written(folder: Path, lock: dict, accuracy: float | None) -> dict:
    """Put outputs into `folder`, those of the run in the project or, with an accuracy, others; returns their lock."""
    evaluate = lock["stages"]["evaluate"]
    outs = []
    for out in evaluate["outs"]:
        file = folder / out["path"]
        file.parent.mkdir(parents=True, exist_ok=True)
        if accuracy is None:
            shutil.copy(out["path"], file)
        else:
            file.write_text(f"{out['path']} of {accuracy}")
        outs.append({**out, "md5": out["md5"] if accuracy is None else records.md5(file)})
    return {"stages": {**lock["stages"], "evaluate": {**evaluate, "outs": outs}}}


@pytest.fixture
def again(monkeypatch: pytest.MonkeyPatch) -> Again:
    """Call it with the test accuracies that the seeds from 1 on will have when a review runs them (None: that of the
    record, and its bits). `computed`: the stages that ran. Returns a list that will have the seeds that were run.
    """

    def prepare(
        *accuracies: float | None, computed: tuple[str, ...] = ("train", "evaluate"), **given: str
    ) -> list[int]:
        ran: list[int] = []

        def run(copy: Workspace, params: object, seed: int, say: Callable[[str], None], elsewhere: object) -> Rerun:
            ran.append(seed)
            record = reading.read(Path("experiments/digits/record"))
            accuracy = accuracies[seed - 1]
            lock = record.locks.get(seed, record.lock)
            value = record.accuracies("test").get(seed) if accuracy is None else accuracy
            lock = written(copy.folder, lock, accuracy)
            environment = {**record.environment, **given}
            outcome = Seed(seed, f"seed {seed}", 2, record.metrics["validation_accuracy"], value)
            images = {"validation": 6, "test": 6}
            return Rerun(
                outcome,
                images,
                computed,
                lock,
                environment,
                record.predictions,
                record.runs[min(seed, max(record.runs))],
                shown=image_sets.of_project(),
            )

        monkeypatch.setattr(rerun, "run", run)
        return ran

    return prepare


def claim(**values: object) -> None:
    """Set keys of experiments/digits/claim.yaml."""
    file = Path("experiments/digits/claim.yaml")
    content = {**config.read_yaml(file), **values}
    records.write_text(file, records.canonical(content))  # JSON is YAML


__all__ = ["Again", "claim", "commit", "finished", "git", "paths"]
