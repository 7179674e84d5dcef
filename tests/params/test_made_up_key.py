"""What a key costs that nobody uses: nothing on file is edited, read otherwise, or named anew, and no stage runs again
that does not read it."""

import inspect
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

from pipeline.files import paths
from pipeline.params import config
from tests import shipped
from tests.conftest import ROOT
from tests.made_up_key import SECTION, bring_a_key, on_file, replace


def everything_said(using: dict[str, float]) -> dict[str, Any]:
    """What commands say of the experiments in this folder, and all names that follow from parameters; of params.yaml
    also with values `using` of `train`. Its source is run in another project too."""
    from functools import cache
    from pathlib import Path
    from unittest.mock import patch

    from pipeline.filing import differences, experiments, reading, seeds
    from pipeline.identity import fingerprint
    from pipeline.params import config
    from pipeline.review import compare, table

    def named(params: Any) -> list[str]:
        code = fingerprint.training_code()
        return [fingerprint.fingerprint(params, {}, ["a"], {}, code), seeds.experiment_digest(params)]

    files = [Path("params.yaml"), *sorted(Path("experiments").glob("**/params.yaml"))]
    loaded = {str(file): config.load(file) for file in files}
    other = config.load().model_dump()
    other["train"] |= using
    with patch.object(reading, "filed", cache(reading.filed)):  # a record is read once for all of it
        records = {name: reading.filed(name) for name in experiments.names() if reading.exists(name)}
        return {
            "keys": config.known_keys(),
            "values": [getattr(params.train, "made_up", None) for params in loaded.values()],
            "names": {file: named(params) for file, params in loaded.items()},
            "using": named(config.check(other, "using")),
            "differences": {
                name: differences.differences(loaded[f"experiments/{name}/params.yaml"], record.params)
                for name, record in records.items()
            },
            "list": [str(part) for part in table.listing()],
            "table is stale": [str(path) for path in table.stale()],
            "compare": compare.report("digits", "flowers-best"),
        }


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The project's code and experiments, under git, as they are and with the key."""
    folder = tmp_path_factory.mktemp("growth")
    shipped.write_experiments(shipped.write_project(folder / "as it is", "README.md"), seeds_of={"digits"})
    shutil.copytree(folder / "as it is", folder / "with the key")
    bring_a_key(folder / "with the key")
    identity = ["-c", "user.name=tests", "-c", "user.email=tests@example.org"]
    for project in sorted(folder.iterdir()):
        for command in (["init", "--quiet"], ["add", "--all"], [*identity, "commit", "--quiet", "--message", "all"]):
            subprocess.run(["git", *command], cwd=project, check=True)
    return folder / "as it is", folder / "with the key"


def test_nothing_on_file_is_edited_read_otherwise_or_named_anew(projects):
    with chdir(projects[0]):
        before = everything_said({})
    program = f"{inspect.getsource(everything_said)}\nprint(json.dumps(everything_said({{'made_up': 0.5}})))"
    command = [sys.executable, "-c", f"import json\nfrom typing import Any\n{program}"]
    done = subprocess.run(command, cwd=projects[1], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    after = json.loads(done.stdout.splitlines()[-1])
    assert set(after.pop("keys")) - set(before.pop("keys")) == {"train.made_up"}
    assert (set(before.pop("values")), set(after.pop("values"))) == ({None}, {0.0})
    assert before["using"] == before["names"]["params.yaml"]
    assert not set(after.pop("using")) & set(before.pop("using"))  # what uses the key has names of its own
    assert after == before
    assert len(before["names"]) > 10
    assert not any(before["differences"].values())
    assert on_file(projects[1]) == on_file(projects[0])


# What DVC would run again


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose stages DVC takes for run: outputs of any content, committed."""
    from dvc.repo import Repo

    project = tmp_path_factory.mktemp("run") / "project"
    shipped.write_project(project)
    for stage in config.read_yaml(ROOT / paths.PIPELINE)["stages"].values():
        for entry in [*stage.get("outs", []), *stage.get("metrics", []), *stage.get("plots", [])]:
            output = project / (next(iter(entry)) if isinstance(entry, dict) else entry)
            output = output if output.suffix else output / "file"
            output.parent.mkdir(parents=True, exist_ok=True)
            output.write_text("{}")
    with chdir(project), Repo.init(str(project), no_scm=True, force=True) as repo:
        repo.commit(force=True)
        assert repo.status() == {}
    return project


@pytest.fixture
def run_again(finished: Path, tmp_path: Path) -> Callable[..., list[str]]:
    """The stages DVC would run after an edit of a copy."""
    from dvc.repo import Repo

    project = tmp_path / "project"
    shutil.copytree(finished, project)

    def after(edit: Callable[[Path], None]) -> list[str]:
        edit(project)
        with chdir(project), Repo(str(project)) as repo:
            return [stage for stage, why in repo.status().items() if {"changed deps"} & {k for w in why for k in w}]

    return after


def reword(project: Path) -> None:
    """Another description, another message, in every section."""
    replace(project / SECTION, "images a step: 1 to 65536", "images in a step: 1 to 65536")
    replace(project / "pipeline/params/sweep_section.py", "trials in total", "trials altogether")
    replace(project / "pipeline/params/network_sections.py", "brings its own weights: set weights: file", "has its own")
    replace(project / "pipeline/params/data_section.py", "an unreadable image", "an image nobody can read")
    replace(project / "pipeline/params/splits.py", "overlap: an image may", "overlap: each image may")
    replace(project / "pipeline/params/config.py", ": unknown key", ": no such key")


def search_otherwise(project: Path) -> None:
    file = project / "params.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("\nsweep:", "\nsweep:\n  made_up: 1").replace("experiment: digits", "experiment: x"))


def prepare_otherwise(project: Path) -> None:
    """A key of images that only preprocess would read, and does not declare yet."""
    file = project / "params.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("\nimages:", "\nimages:\n  made_up: 1"))


@pytest.mark.parametrize("edit", [reword, search_otherwise, prepare_otherwise])
def test_what_no_stage_reads_runs_nothing_again(run_again, edit):
    assert run_again(edit) == []


def test_a_key_of_training_prepares_nothing_again(run_again):
    assert run_again(bring_a_key) == ["train", "evaluate"]


def test_what_a_stage_reads_does_run_it_again(run_again):
    assert "extract-features" in run_again(
        lambda project: replace(project / "params.yaml", "scale: unit ", "scale: symmetric ")
    )
