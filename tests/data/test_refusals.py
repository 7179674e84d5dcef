"""What `fetch` or DVC would refuse is told before, in the words of the one that would; of a usual folder, nothing."""

import os
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.data import refusals
from pipeline.params import config
from pipeline.params.data_section import Data
from pipeline.process.errors import DataError


@pytest.fixture
def data(project: Path) -> Data:
    """Of an image folder at `photos`: two classes of two images."""
    for name in ("a/1.png", "a/2.png", "b/1.png", "b/deep/2.png"):
        Path("photos", name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(Path("photos", name))
    return config.load().data.model_copy(update={"source": "image_folder", "path": "photos"})


def latin(name: bytes) -> Path:
    return Path(os.fsdecode(b"photos/" + name))


def another_class(name: str) -> None:
    Path("photos", name).mkdir()
    Image.new("RGB", (8, 8)).save(Path("photos", name, "1.png"))


FOLDERS = {
    "a leading blank": (lambda: another_class(" y"), "' y': begins or ends with a blank"),
    "a dead link": (lambda: Path("photos/a/dead.jpg").symlink_to("nowhere.jpg"), "a/dead.jpg → nowhere.jpg"),
    "a loop": (lambda: Path("photos/a/loop").symlink_to("."), "a/loop → ."),
    "a linked class": (lambda: Path("photos/c").symlink_to("a"), "c → a"),
    "no UTF-8": (lambda: latin(b"a/latin_\xe9.png").touch(), "a/latin_\\udce9.png; rename them"),
    "no UTF-8 beside the classes": (lambda: latin(b"notes_\xe9.txt").touch(), "notes_\\udce9.txt; rename them"),
    "a folder that is not": (lambda: latin(b"a/\xe9").mkdir(), "a/\\udce9; rename them"),
    "rules of DVC's in it": (
        lambda: Path("photos/a/.dvcignore").touch(),
        "found a/.dvcignore, and DVC takes none within what it watches",
    ),
    "ignored": (lambda: Path(".dvcignore").write_text("2.png\n"), "are named by .dvcignore"),
}
FILES = {
    "a line break": (lambda: Path("photos/a/two\nlines.png").touch(), "a/two\\nlines.png; rename them"),
    "one name in two forms": (
        lambda: [Path("photos/a", name).touch() for name in ("e\u0301.png", "\xe9.png")],
        "a/é.png; rename them",
    ),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_folders_that_fetch_refuses_are_refused_by_start_and_named_by_check(name: str, data: Data) -> None:
    make, says = FOLDERS[name]
    make()
    for skip in ("error", "skip"):
        told = refusals.of(data.model_copy(update={"on_bad_image": skip}))
        assert says in "\n".join(told)
    before = Path("params.yaml").read_bytes()
    done = CliRunner().invoke(app, ["start", "photos", "--force"])
    assert isinstance(done.exception, DataError), done.output
    assert says in str(done.exception)
    assert Path("params.yaml").read_bytes() == before


@pytest.mark.parametrize("name", FILES)
def test_files_that_on_bad_image_is_about_are_named(name: str, data: Data) -> None:
    make, says = FILES[name]
    make()
    (told,) = refusals.of(data)
    assert told.startswith("data.path: ")
    assert says in told
    assert refusals.of(data.model_copy(update={"on_bad_image": "skip"})) == []


def test_of_a_usual_folder_nothing_is_said(data: Data) -> None:
    Path("photos/.hidden").mkdir()
    Path("photos/Thumbs.db").touch()
    assert refusals.of(data) == []
    Path("photos/c").mkdir()
    assert refusals.of(data) == ["data.path: no image in the class folders c; put some there, or remove them"]
    assert refusals.of(data.model_copy(update={"source": "digits"})) == []


TABLES = {
    "file,label\na/1.png,x\nb/1.png,y\n": None,
    "name,label\na/1.png,x\n": "data.table: photos/t.csv has the columns name, label, and no file",
    "file,label\na/1.png,x\nc.png,y\n": "c.png is not there",
    "file,label\na/1.png,x\nb/1.png,x\n": "has one label, x",
}


CORRECTIONS = {
    "name,correction\na/1.png,b\na/2.png,drop\n": None,
    "file,correction\na/1.png,b\n": "data.corrections: photos/c.csv has the columns file, correction; allowed",
    "name,correction\na/1.png,bb\n": "line 2: a/1.png: found bb; allowed: a, b, drop",
    "name,correction\na/9.png,b\n": "1 images it names are not in the source: a/9.png",
}


LISTS = [
    *(({"source": "table", "table": "t.csv"}, "t.csv", text, said) for text, said in TABLES.items()),
    *(({"corrections": "c.csv"}, "c.csv", text, said) for text, said in CORRECTIONS.items()),
]


@pytest.mark.parametrize(("values", "file", "text", "said"), LISTS)
def test_tables_and_corrections_are_looked_at(
    values: dict[str, str], file: str, text: str, said: str | None, data: Data
) -> None:
    Path("photos", file).write_text(text, encoding="utf-8")
    told = refusals.of(data.model_copy(update=values))
    assert (said in told[0]) if said else told == []


def test_corrections_that_are_not_there_are_named_whatever_the_source(data: Data) -> None:
    for source in ("digits", "image_folder", "tfds"):
        (told,) = refusals.of(data.model_copy(update={"source": source, "corrections": "c.csv"}))
        assert told.startswith("data.corrections: found no file at photos/c.csv")
