"""The project is found from every folder of it, and nothing else is taken for one."""

from pathlib import Path

import pytest

from pipeline.process import project
from pipeline.process.project import NoProjectError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project, with an experiment on file."""
    found = tmp_path / "my project"
    (found / "experiments/digits").mkdir(parents=True)
    for name in ("dvc.yaml", "params.yaml", "experiments/digits/params.yaml"):
        (found / name).touch()
    return found


@pytest.mark.parametrize("below", ["", "experiments", "experiments/digits", "data/photos/rose"])
def test_it_is_found_from_every_folder_of_it(folder: Path, below: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / below).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(folder / below)
    assert project.root() == project.root(folder / below) == folder


def test_the_nearest_one_counts(folder: Path) -> None:
    """A copy inside the project, as DVC's queue and reviews make them, is one of its own."""
    copy = folder / ".dvc/tmp/exps/tmp1"
    copy.mkdir(parents=True)
    for name in ("dvc.yaml", "params.yaml"):
        (copy / name).touch()
    (copy / "reports").mkdir()
    assert project.root(copy / "reports") == copy


def test_links_lead_to_the_one_that_is_meant(folder: Path, tmp_path: Path) -> None:
    (folder / "data").mkdir()
    (tmp_path / "link").symlink_to(folder / "data")
    assert project.root(tmp_path / "link") == folder


def test_without_params_yaml_it_still_is_one(folder: Path) -> None:
    """`herbarium use` writes it."""
    (folder / "params.yaml").unlink()
    assert project.root(folder / "experiments") == folder


@pytest.mark.parametrize("names", [[], ["params.yaml"], ["dvc.yaml"], ["params.yaml", "dvc.yaml/"]])
def test_what_is_no_project_is_said_once_and_clearly(names: list[str], tmp_path: Path) -> None:
    for name in names:
        (tmp_path / name).mkdir() if name.endswith("/") else (tmp_path / name).touch()
    with pytest.raises(
        NoProjectError, match=f"neither {tmp_path} nor a folder above it holds dvc.yaml and params.yaml"
    ):
        project.root(tmp_path)


def test_a_folder_that_is_gone_is_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(NoProjectError, match="has been removed"):
        project.root()
