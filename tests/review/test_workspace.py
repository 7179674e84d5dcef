"""Copies of the project: what is in them, what they share with it, and that nothing of them stays."""

import signal
import subprocess
from pathlib import Path

import pytest
from dvc.config import Config

from pipeline.files import paths, records
from pipeline.identity import cache
from pipeline.params import config
from pipeline.process import git
from pipeline.process.errors import HerbariumError
from pipeline.review import workspace
from tests import dvc_project, shipped

from . import conftest


@pytest.fixture
def repository(project: Path) -> Path:
    """A committed project with an edit, an untracked module, an ignored photograph and results."""
    (project / ".gitignore").write_text("/data/*\n/reports/\n.herbarium/\n")
    records.write_json(Path("pipeline") / paths.VERSIONS.name, {"numpy": "0.1"})
    records.write_text(Path("code.py"), "committed")
    records.write_text(paths.LOCK, "schema: '2.0'")
    conftest.git("init", "--quiet")
    conftest.commit()
    records.write_text(Path("code.py"), "edited")
    records.write_text(Path("new.py"), "new")
    records.write_text(Path("data/originals/cat/1.png"), "photograph")
    records.write_text(Path("reports/metrics.json"), "{}")
    return project


def contents(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_copy_of_the_files_has_the_edits_and_nothing_ignored(repository):
    with workspace.of_files() as copy:
        assert (copy.folder / "code.py").read_text() == "edited"
        assert contents(copy.folder) == {
            *(".gitignore", "code.py", "new.py", "params.yaml", "dvc.yaml"),
            *("pipeline/versions.json", ".dvc/config.local"),
        }
    assert not copy.folder.exists()


def test_a_copy_of_a_commit_has_no_edits(repository):
    with workspace.of_revision(git.commit()) as copy:
        assert (copy.folder / "code.py").read_text() == "committed"
        assert not (copy.folder / "new.py").exists()
        assert not (copy.folder / paths.LOCK).exists()


def test_it_is_removed_when_something_fails(repository):
    with pytest.raises(RuntimeError), workspace.of_files() as copy:
        raise RuntimeError
    assert not copy.folder.exists()


def test_it_is_removed_when_the_command_is_asked_to_end(repository):
    with pytest.raises(SystemExit) as ended, workspace.of_files() as copy:
        signal.raise_signal(signal.SIGTERM)
    assert ended.value.code == 128 + signal.SIGTERM
    assert not copy.folder.exists()


def test_what_a_killed_command_left_goes_with_the_next(repository):
    left = paths.STATE / f"{paths.REVIEW_COPY}left/project"
    left.mkdir(parents=True)
    with workspace.of_files():
        assert not left.exists()


def test_the_installed_packages_are_taken_and_named(repository):
    with workspace.of_revision("HEAD") as copy:
        installed = copy.other_versions["numpy"][1]
        assert copy.other_versions == {"numpy": ("0.1", installed)}
        assert records.read_json(copy.folder / "pipeline/versions.json") == {"numpy": installed}
    assert records.read_json(Path("pipeline/versions.json")) == {"numpy": "0.1"}


def test_only_a_fresh_copy_is_without_the_project_s_cache(repository):
    for fresh in (False, True):
        with workspace.of_revision("HEAD", fresh) as copy:
            text = (copy.folder / ".dvc/config.local").read_text()
            assert "no_scm = true" in text
            assert (Path(".dvc/cache").resolve() == cache.folder(copy.folder)) is not fresh


def test_a_fresh_copy_takes_nothing_from_a_cache_that_the_commit_or_the_machine_names(tmp_path, monkeypatch):
    """There all stages may be known, and nothing would be computed."""
    copy = tmp_path / "copy"
    records.write_text(copy / ".dvc/config", "[cache]\n    dir = /shared/cache\n    type = hardlink\n")
    workspace._configure_dvc(copy, fresh=True)
    assert Config(dvc_dir=str(copy / ".dvc"))["cache"]["dir"] == str(copy / ".dvc/cache")
    assert cache.folder(copy) == copy / ".dvc/cache"


@pytest.mark.parametrize("name", ["a#b", "a, b", "it's", "a \"b\" 'c'", "100%"])
def test_the_copy_has_the_project_s_cache_whatever_the_folder_is_called(tmp_path, monkeypatch, name):
    """DVC and our own code read the same folder out of the copy's settings."""
    project, copy = tmp_path / name, tmp_path / "copy"
    project.mkdir()
    monkeypatch.chdir(project)
    workspace._configure_dvc(copy, fresh=False)
    assert Config(dvc_dir=str(copy / ".dvc"))["cache"]["dir"] == str(project / ".dvc/cache")
    assert cache.folder(copy) == project / ".dvc/cache"


def test_originals_that_are_not_in_git_are_seen_by_the_copy(repository, monkeypatch):
    monkeypatch.setattr(workspace, "dvc_repro", lambda folder, say: contents(folder / "data/originals"))
    params = config.check(shipped.content(), "params.yaml")
    with workspace.of_files() as copy:
        assert workspace.repro(copy, params, print) == {"cat/1.png"}
        written = config.load(copy.folder / paths.PARAMS)
        assert written.model_dump(exclude={"tracking"}) == params.model_dump(exclude={"tracking"})
        assert str(copy.folder.resolve()) in written.tracking.uri  # the user's MLflow is not written to
    assert Path("data/originals/cat/1.png").exists()  # the link was removed, not what it led to


def test_outside_a_repository_it_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(HerbariumError, match="git"), workspace.of_files():
        pass


def test_every_line_of_dvc_is_told_but_its_advice(tmp_path, monkeypatch):
    """In the project, and in a copy of a commit whose code knows of no such thing."""
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    dvc_project.begin(tmp_path, git=True)
    (tmp_path / "dvc.yaml").write_text(
        "stages:\n  train:\n    cmd: python -c 'import pipeline; print(pipeline.MARK)'\n"
    )
    records.write_text(tmp_path / "pipeline/__init__.py", "MARK = 'code of the copy'")
    monkeypatch.chdir(tmp_path)
    for folder in (Path(), tmp_path):
        told: list[str] = []
        assert workspace.dvc_repro(folder, told.append) == ("train",)
        assert "code of the copy" in told
        assert not [line for line in told if "git" in line or "dvc push" in line or "autostage" in line]
        (tmp_path / paths.LOCK).unlink()
