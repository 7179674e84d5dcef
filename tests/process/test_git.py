"""What git is asked, in repositories as people have them: a folder of one, with line ends to rewrite, not trusted."""

import os
import subprocess
from pathlib import Path

import pytest

from pipeline.process import git
from pipeline.process.git import GitError

CONTENT = {"params.yaml": b"a: 1\nb: 2\n", "windows.txt": b"one\r\ntwo\r\n", "nested/é.bin": b"\x00\r\n\xff\n"}


def call(*arguments: str) -> None:
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "core.autocrlf=false"]
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


def write(folder: Path) -> None:
    for name, content in CONTENT.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A committed folder `own`, beside another one, in a repository; the working directory."""
    folder = tmp_path / "repository/own"
    write(folder)
    (folder.parent / "other").mkdir()
    (folder.parent / "other/file").write_bytes(b"")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.chdir(folder)
    call("-C", "..", "init", "--quiet")
    call("-C", "..", "add", "--all")
    call("commit", "--quiet", "--message", "all")
    return folder


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    (tmp_path / "copy").mkdir()
    return tmp_path / "copy"


@pytest.mark.parametrize("settings", ["", "[core]\nautocrlf = true\n", "[core]\neol = crlf\nautocrlf = input\n"])
def test_a_commit_is_laid_out_byte_for_byte(repository: Path, copy: Path, settings: str, tmp_path: Path) -> None:
    """The folder's own files only, whatever line ends git is told to write, and the project's index stays."""
    (tmp_path / "gitconfig").write_text(settings)
    index = (repository.parent / ".git/index").read_bytes()
    (repository / "params.yaml").write_text("edited")
    git.export(git.commit(), copy)
    assert contents(copy) == CONTENT
    assert (repository / "params.yaml").read_text() == "edited"
    assert (repository.parent / ".git/index").read_bytes() == index


def test_links_stay_links_as_long_as_they_stay_inside(repository: Path, copy: Path) -> None:
    Path("nested/link").symlink_to("../params.yaml")
    Path("folder").symlink_to("nested")
    call("add", "--all")
    call("commit", "--quiet", "--message", "links")
    git.export(git.commit(), copy)
    assert os.readlink(copy / "nested/link") == "../params.yaml"
    assert (copy / "folder").is_symlink()


@pytest.mark.parametrize("target", ["/etc", "../outside", "nested/../../outside", "folder/../../outside"])
def test_a_link_that_leads_out_is_refused(repository: Path, copy: Path, target: str) -> None:
    Path("folder").symlink_to("nested")
    Path("escape").symlink_to(target)
    call("add", "--all")
    call("commit", "--quiet", "--message", "links")
    with pytest.raises(GitError, match="the link escape leads to"):
        git.export(git.commit(), copy)


def test_what_is_no_commit_is_named(repository: Path) -> None:
    with pytest.raises(GitError, match="'nowhere' is no experiment, no MLflow run and no git commit here"):
        git.commit("nowhere")


def test_a_folder_of_another_user_is_said_to_be_one_and_how_to_trust_it(repository: Path, monkeypatch) -> None:
    """Not "no commit here": git's own words hold the remedy."""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    for ask in (git.commit, git.files, git.changed, lambda: git.committed(Path("params.yaml"))):
        with pytest.raises(GitError, match=r"(?s)dubious ownership.*safe\.directory"):
            ask()


def test_outside_a_repository_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(GitError, match="not a git repository"):
        git.commit()


def test_asking_leaves_the_repository_as_it_is(repository: Path) -> None:
    """By itself `git status` writes its index anew where files have other times, and somebody may be committing."""
    index = repository.parent / ".git/index"
    for name in CONTENT:
        os.utime(name, (1, 1))
    before = index.read_bytes()
    assert git.changed() == git.uncommitted() == []
    assert index.read_bytes() == before


def test_authors_are_also_who_committed_for_them_and_who_is_named_beside_them(repository: Path) -> None:
    (repository / "new.txt").write_text("new", encoding="utf-8")
    call("add", "--all")
    message = "new\n\nCo-authored-by: Ö. Beside <b@example.org>"
    call("-c", "user.name=Committer", "commit", "--quiet", "--author=Ghost <g@example.org>", "--message", message)
    assert git.authors("HEAD", Path("new.txt")) == ["Committer", "Ghost", "Ö. Beside"]
    call("mv", "new.txt", "merged.txt")
    call("-c", "user.name=GitHub", "commit", "--quiet", "--author=Ghost <g@example.org>", "--message", "merged")
    assert git.authors("HEAD", Path("merged.txt")) == ["Ghost"]


def test_the_first_change_of_a_file_is_followed_to_where_it_came_from(repository: Path) -> None:
    """To the same bytes only: files of one form are much alike, and have nothing to do with each other."""
    first = git.commit()
    (repository / "like it.txt").write_bytes(CONTENT["windows.txt"] + b"three\r\n")
    call("add", "--all")
    call("commit", "--quiet", "--message", "another")
    second = git.commit()
    call("mv", "nested/é.bin", "moved ü.bin")
    call("commit", "--quiet", "--message", "moved")
    (repository / "moved ü.bin").write_bytes(b"other")
    call("commit", "--quiet", "--all", "--message", "changed")
    assert git.first_change("HEAD", Path("moved ü.bin")) == (first, Path("nested/é.bin"))
    assert git.first_change("HEAD", Path("like it.txt")) == (second, Path("like it.txt"))
    assert git.first_change("HEAD", Path("never.txt")) is None


def test_what_is_no_utf_8_is_named(repository: Path) -> None:
    with pytest.raises(GitError, match=r"^nested/é\.bin of commit HEAD: not UTF-8 text"):
        git.show("HEAD", Path("nested/é.bin"))
