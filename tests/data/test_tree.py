"""What is read of a folder is what DVC watches, and what a person has put there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.data import tree
from pipeline.process.errors import DataError


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Two classes with a file each, in the working directory."""
    monkeypatch.chdir(tmp_path)
    for name in ("photos/rose/0.jpg", "photos/tulip/deep/1.jpg"):
        Path(name).parent.mkdir(parents=True)
        Path(name).write_text(name)
    return Path("photos")


def found(source: Path) -> list[str]:
    return [path.relative_to(source).as_posix() for paths in tree.files(source, tree.folders(source)) for path in paths]


def test_files_are_found_at_any_depth(source):
    assert found(source) == ["rose/0.jpg", "tulip/deep/1.jpg"]


@pytest.mark.parametrize(
    "name",
    [
        "Thumbs.db",
        "thumbs.db",
        "Desktop.ini",
        ".DS_Store",
        "._0.jpg",
        "__MACOSX/0.jpg",
        "@eaDir/0.jpg",
        "Icon\r",
        ".x/0.jpg",
    ],
)
def test_what_systems_leave_is_no_file(source, name):
    for folder in (source, source / "rose", source / "tulip/deep"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("")
    assert found(source) == ["rose/0.jpg", "tulip/deep/1.jpg"]


LINKS = {
    "a linked class": ("photos/lily", "../far"),
    "a linked folder": ("photos/rose/more", "../../far"),
    "a linked file": ("photos/rose/2.jpg", "../../far/2.jpg"),
    "a link within": ("photos/rose/3.jpg", "../tulip/deep/1.jpg"),
    "a link to nothing": ("photos/rose/4.jpg", "gone"),
    "a class linked to nothing": ("photos/lily", "gone"),
    "a class linked to itself": ("photos/lily", "lily"),
    "a link to itself": ("photos/rose/5.jpg", "5.jpg"),
    "a loop": ("photos/tulip/deep/loop", ".."),
    "a link away": ("photos/rose/mem", "/proc/self/mem"),
}


@pytest.mark.parametrize("name", LINKS)
def test_links_are_refused_by_name(source, name):
    Path("far").mkdir()
    Path("far/2.jpg").write_text("")
    place, target = LINKS[name]
    Path(place).symlink_to(target)
    with pytest.raises(DataError) as raised:
        found(source)
    assert "1 links in photos, and DVC does not watch" in str(raised.value)
    assert f"  {place.removeprefix('photos/')} → {target}\n" in str(raised.value)


def test_all_links_are_listed_but_not_thousands(source):
    for n in range(25):
        (source / f"rose/l{n:02}.jpg").symlink_to("0.jpg")
    with pytest.raises(DataError, match=r"(?s)25 links.*rose/l19\.jpg → 0\.jpg\n  … and 5 more"):
        found(source)


def test_the_folder_itself_may_be_a_link(source):
    Path("linked").symlink_to("photos")
    assert found(Path("linked")) == found(source)


def test_hidden_links_are_not_read_and_not_refused(source):
    (source / "rose/.cache").symlink_to("/proc")
    assert found(source) == ["rose/0.jpg", "tulip/deep/1.jpg"]


@pytest.mark.parametrize("line", ["*.jpg", "deep", "/photos/tulip/", "photos/**/1.jpg"])
def test_what_dvc_is_told_to_ignore_is_refused(source, line):
    Path(".dvcignore").write_text(f"# none of these\n{line}\n")
    with pytest.raises(DataError, match=r"(?s)files in photos are named by \.dvcignore.*tulip/deep/1\.jpg"):
        found(source)
    Path(".dvcignore").write_text("*.tmp\n/other/\n")
    assert len(found(source)) == 2


def test_dvc_is_told_what_to_ignore_in_every_folder_above(source, tmp_path, monkeypatch):
    """The nearest folder that says anything of a file decides; of a folder beyond the project none does."""
    (tmp_path / "deep").mkdir()
    source.rename(tmp_path / "deep/photos")
    source = Path("deep/photos")
    Path(".dvcignore").write_text("tulip\n")
    Path("deep/.dvcignore").write_text("!tulip\n/photos/rose/0.jpg\n")
    with pytest.raises(DataError, match=r"(?s)1 files in deep/photos are named by \.dvcignore.*rose/0\.jpg"):
        found(source)
    Path("deep/.dvcignore").write_text("photos/tulip/*.jpg\n")
    Path(".dvcignore").write_text("mlruns\n")
    assert len(found(source)) == 2
    (tmp_path / "mlruns/project").mkdir(parents=True)
    (tmp_path / ".dvcignore").rename(tmp_path / "mlruns/project/.dvcignore")
    monkeypatch.chdir(tmp_path / "mlruns/project")
    assert len(found(Path("../../deep/photos"))) == 2


def test_a_folder_that_cannot_be_read_is_named(source, monkeypatch):
    def scandir(path):
        if str(path).endswith("deep"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    real = os.scandir
    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(DataError, match=r"photos/tulip/deep cannot be read \(Permission denied\)"):
        found(source)


@pytest.mark.slow
def test_dvc_watches_what_a_linked_folder_of_images_leads_to(source):
    """So data.path itself may be a link: changes behind it, and a link turned elsewhere, are seen."""
    dvc = [sys.executable, "-m", "dvc"]

    def status() -> str:
        return subprocess.run([*dvc, "status"], check=True, capture_output=True, text=True).stdout

    subprocess.run([*dvc, "init", "--no-scm", "-q"], check=True)
    Path("linked").symlink_to("photos")
    Path("dvc.yaml").write_text("stages:\n  s:\n    cmd: touch out\n    deps: [linked]\n    outs: [out]\n")
    subprocess.run([*dvc, "repro", "-q"], check=True)
    assert "up to date" in status()
    Path("photos/rose/0.jpg").write_text("another")
    assert "modified" in status()
    subprocess.run([*dvc, "repro", "-q"], check=True)
    Path("elsewhere/rose").mkdir(parents=True)
    Path("linked").unlink()
    Path("linked").symlink_to("elsewhere")
    assert "modified" in status()


def test_a_file_that_dvc_does_not_watch_is_refused(tmp_path, monkeypatch):
    """What was corrected in it later would change no result."""
    monkeypatch.chdir(tmp_path)
    for place in ("photos/notes/c.csv", "far/c.csv"):
        Path(place).parent.mkdir(parents=True)
        Path(place).touch()
    Path("photos/linked").symlink_to(Path("far").absolute())
    Path("also").symlink_to("photos")
    tree.require_watched(Path("also"), Path("also/notes/c.csv"), "data.corrections")
    with pytest.raises(DataError, match=r"^data\.corrections: photos/linked/c\.csv is a link or behind one"):
        tree.require_watched(Path("photos"), Path("photos/linked/c.csv"), "data.corrections")
    Path(".dvcignore").write_text("notes\n")
    with pytest.raises(DataError, match=r"named by \.dvcignore"):
        tree.require_watched(Path("photos"), Path("photos/notes/c.csv"), "data.corrections")
