"""A clone has the bytes that were committed: dvc.lock and the records are certificates over them."""

import shutil
import subprocess
from pathlib import Path

import pytest
from dvc.repo import Repo

from .conftest import ROOT

pytestmark = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="the project is not under git here")


def git(folder: Path, *arguments: str, given: str | None = None) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, input=given).stdout


def hashes(folder: Path) -> dict[str, str]:
    """File → the hash git has of it."""
    entries = [line.split("\t") for line in git(folder, "ls-files", "-z", "--stage").split("\0") if line]
    return {name: entry.split()[1] for entry, name in entries}


def on_disk(folder: Path, names: list[str]) -> dict[str, str]:
    """File → the hash of its bytes as they lie in the folder, nothing converted."""
    found = git(folder, "hash-object", "--no-filters", "--stdin-paths", given="".join(f"{name}\n" for name in names))
    return dict(zip(names, found.split(), strict=True))


@pytest.mark.parametrize("setting", ["core.autocrlf=true", "core.eol=crlf"])  # the first is what Git for Windows offers
def test_a_clone_of_any_configuration_has_the_same_bytes(setting: str, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(ROOT, "-c", setting, "clone", "--quiet", "--no-hardlinks", "--config", setting, str(ROOT), str(clone))
    committed = hashes(clone)
    assert len(committed) > 100
    changed = {name for name, found in on_disk(clone, list(committed)).items() if found != committed[name]}
    assert not changed
    assert git(clone, "status", "--porcelain") == ""


@pytest.mark.parametrize("name", ["experiments/mine/record/notes.txt", "dvc.lock", "experiments/mine/record/dvc.lock"])
def test_certificates_are_never_rewritten(name: str) -> None:
    """Whatever line ends they have: those are what was hashed."""
    assert git(ROOT, "check-attr", "text", "--", name).endswith("text: unset\n")


@pytest.mark.parametrize("name", ["params.yaml", "pipeline/new.py", "docs/new.md", "experiments/mine/params.yaml"])
def test_what_people_edit_has_one_kind_of_line_end(name: str) -> None:
    assert git(ROOT, "check-attr", "eol", "--", name).endswith("eol: lf\n")


@pytest.mark.parametrize("folder", ["data", "data/originals", "photographs"])
def test_dvc_looks_for_its_files_where_ones_own_images_may_be(folder: str, tmp_path: Path) -> None:
    """`dvc add` would be refused, or what it adds be missing from the copies that DVC works in."""
    for name in (".gitignore", ".dvcignore"):
        shutil.copy(ROOT / name, tmp_path)
    git(tmp_path, "init", "--quiet")
    scm = Repo.init(str(tmp_path)).scm
    assert not scm.is_ignored(f"{tmp_path}/{folder}/")
    assert not scm.is_ignored(f"{tmp_path}/{folder}/mine.dvc")
    assert scm.is_ignored(f"{tmp_path}/data/mine/1.jpg")


def test_an_environment_that_is_a_link_is_committed_by_nobody(tmp_path: Path) -> None:
    """`git add --all` would take it in, and no review could lay the commit out elsewhere."""
    shutil.copy(ROOT / ".gitignore", tmp_path)
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".venv").symlink_to("/usr")
    assert git(tmp_path, "status", "--porcelain").split() == ["??", ".gitignore"]
