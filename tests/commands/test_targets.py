"""Where commands may write what the user asks for: refused before any work, in one message; nothing is touched."""

import os
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.commands import predict, runs, targets
from pipeline.process.errors import DataError

REFUSED = {
    "its own input": ("asked.png", "found one of the images that are asked about at "),
    "its own input by a link": ("link.png", "found one of the images that are asked about at "),
    "a photograph trained on": ("data/originals/a/rose.png", "found what the pipeline reads, in "),
    "beside those": ("data/originals/new.png", "found what the pipeline reads, in "),
    "of the report": ("reports/curves.png", "found what the pipeline writes at "),
    "another ending": ("mine.txt", "found the ending .txt at "),
    "no ending": ("mine", "found the ending none at "),
    "a device": ("full.png", "found a device at "),
    "a folder": ("folder.png", "found a folder at "),
    "a read-only file": ("kept.png", "found a file that is read-only at "),
    "no place for files": ("/proc/x.png", " cannot be written ("),
    "below a file": ("asked.png/x.png", " cannot be written ("),
    "too long": ("x" * 252 + ".png", " cannot be written ("),
}


@pytest.fixture
def folder(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Images at every place; whoever begins to work fails."""
    for name in ("asked.png", "kept.png", "data/originals/a/rose.png", "reports/curves.png"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8)).save(project / name)
    (project / "mine.txt").write_text("mine")
    (project / "kept.png").chmod(0o444)
    (project / "folder.png").mkdir()
    (project / "link.png").symlink_to("asked.png")
    (project / "full.png").symlink_to("/dev/full")
    monkeypatch.setattr(predict, "_classifier", None)
    monkeypatch.setattr(runs, "_listed", None)
    return project


def contents(folder: Path) -> dict[str, bytes | str]:
    found = sorted(folder.rglob("*"))
    return {
        str(path): os.readlink(path) if path.is_symlink() else path.read_bytes() for path in found if path.is_file()
    }


@pytest.mark.parametrize("name", REFUSED)
def test_predict_draws_over_nothing_of_anybodys(name: str, folder: Path) -> None:
    target, says = REFUSED[name]
    before = contents(folder)
    done = CliRunner().invoke(app, ["predict", "asked.png", "--picture", target])
    assert isinstance(done.exception, DataError), done.output
    assert str(done.exception).startswith("--picture: ")
    assert says in str(done.exception)
    assert contents(folder) == before


OTHERS = {
    "runs --page folder.html": "--page: found a folder at ",
    "runs --page runs.txt": "--page: found the ending .txt at ",
    "runs --page reports/report.html": "--page: found what the pipeline writes at ",
    "runs --page /proc/runs.html": "--page: /proc/runs.html cannot be written (",
    "export-backbone base.txt": "PATH: found the ending .txt at ",
    "export-backbone pipeline/model/fashion_cnn/backbone.weights.h5": "PATH: found what the pipeline reads at ",
    "export-backbone folder.weights.h5": "PATH: found a folder at ",
    "export --format keras --to data/originals/exported": "--to: found what the pipeline reads, in ",
    "export --format keras --to models/model.keras": "--to: found what the pipeline writes at ",
    "export --format keras --to /proc/x": "--to: /proc/x cannot be written (",
    f"export --format keras --to {300 * chr(120)}": " cannot be written (File name too long)",
    "export --format keras --to /": "/: found something else there (",
    "export --format keras --to asked.png/x": " cannot be written (",
}


@pytest.mark.parametrize("command", OTHERS)
def test_so_do_all_commands_that_are_told_where_to_write(command: str, folder: Path) -> None:
    for name in ("folder.html", "folder.weights.h5"):
        (folder / name).mkdir()
    before = contents(folder)
    done = CliRunner().invoke(app, command.split())
    assert isinstance(done.exception, DataError), done.output
    assert OTHERS[command] in str(done.exception)
    assert contents(folder) == before


def test_a_new_file_and_one_in_place_of_another_may_be_written(folder: Path) -> None:
    (folder / "answers.PNG").touch()
    for name in ("answers.PNG", "not/there/yet.png", "reports/answers.png"):
        targets.require_file(folder / name, "--picture", ".png", [folder / "asked.png"])
    assert not (folder / "not").exists()


def test_what_is_written_through_a_link_leaves_the_link(folder: Path) -> None:
    (folder / "disk").mkdir()
    (folder / "exported").symlink_to("disk/exported")
    assert targets.place(folder / "exported") == folder / "disk/exported"
    assert targets.place(Path("exported/keras")) == folder / "disk/exported/keras"
    targets.require_folder(targets.place(folder / "exported"), "--to")


def test_a_link_to_itself_is_no_place_to_write(folder: Path) -> None:
    (folder / "loop").symlink_to("loop")
    with pytest.raises(DataError, match="--to: found a link that leads to itself at "):
        targets.require_folder(targets.place(folder / "loop"), "--to")
