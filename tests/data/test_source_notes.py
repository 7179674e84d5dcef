"""What is said about a folder of photographs before it is read."""

import subprocess
from pathlib import Path

import pytest

from pipeline.data import layout, slices, source_notes
from pipeline.params.data_section import Splits
from pipeline.process.errors import DataError


@pytest.fixture
def data(params, tmp_path, monkeypatch):
    """The section data of an image folder at `photos`, which is not there yet."""
    monkeypatch.chdir(tmp_path)
    return params.data.model_copy(update={"source": "image_folder", "path": "photos"})


def folders(*paths: str) -> None:
    for path in paths:
        Path("photos", path).mkdir(parents=True, exist_ok=True)


def test_a_folder_that_is_not_there_is_said(data):
    (note,) = source_notes.of(data)
    assert note == "data.path: nothing is at photos yet, and `dvc repro` needs a folder there"
    assert source_notes.of(data.model_copy(update={"source": "digits"})) == [note]  # DVC wants it all the same


def test_nothing_is_said_of_a_usual_folder(data):
    folders("rose", "tulip")
    Path("photos/README.txt").touch()
    assert source_notes.of(data) == []


def test_what_would_be_refused_is_said(data):
    folders("train/rose", "rose")
    (note,) = source_notes.of(data)
    assert "some folders in photos are called like splits (train) and some are not (rose)" in note


def test_splits_case_and_loose_images_are_said(data):
    folders("Train/rose", "Train/Rose", "valid/rose", "TEST/rose")
    for name in ("a.jpg", "valid/b.PNG", "valid/notes.txt"):
        Path("photos", name).touch()
    assert source_notes.of(data) == [
        "splits: train from photos/Train, validation from photos/valid, test from photos/TEST",
        "classes that differ in upper and lower case only: 'Rose', 'rose'",
        "2 images beside the class folders have no label and are left out: a.jpg, valid/b.PNG",
        "data.splits takes no image from the source's validation and test; to have validation as it is in the source,"
        " set data.splits.validation: validation",
    ]
    named = data.model_copy(update={"splits": Splits(train="train", validation="validation", test="test")})
    assert not [note for note in source_notes.of(named) if "data.splits" in note]


def test_a_split_of_another_name_is_left_out_too():
    taken = {"train": "train[:80%]", "validation": "train[80%:]", "test": "test"}
    assert slices.left_out(taken, ["train", "test"]) == []
    assert slices.left_out(taken, ["train", "test", "unlabelled"]) == [
        "data.splits takes no image from the source's unlabelled"
    ]


def test_commands_that_are_advised_can_be_typed_whatever_the_folder_is_called(data):
    photos = Path("my photos")
    (photos / "rose").mkdir(parents=True)
    (photos / "rose/1.png").touch()
    subprocess.run(["git", "init", "--quiet"], check=True)
    assert "`dvc add 'my photos'`" in source_notes.of(data.model_copy(update={"path": str(photos)}))[0]
    (photos / "rose").rename(photos / "test")
    (photos / "train/rose").mkdir(parents=True)
    with pytest.raises(DataError, match="`herbarium predict 'my photos/test'` answers"):
        layout.of(photos)


@pytest.mark.parametrize("tracked", ["by git", "by dvc", "above, by dvc", "elsewhere"])
def test_that_copies_will_lack_the_folder_is_said_unless_it_is_tracked(data, tracked):
    """`dvc exp run --temp` and the queue work in copies that git makes, and fill them with what DVC tracks."""
    folders("own/rose")
    Path("photos/own/rose/1.png").touch()
    subprocess.run(["git", "init", "--quiet"], check=True)
    Path(".gitignore").write_text("/photos\n" if tracked != "by git" else "")
    own = data.model_copy(update={"path": "photos/own"})
    (note,) = source_notes.of(own)
    assert "the queue will not find photos/own; `dvc add photos/own` and a commit let them" in note
    if tracked == "by git":
        subprocess.run(["git", "add", "photos"], check=True)
    elif tracked == "by dvc":
        Path("photos/own.dvc").touch()
    elif tracked == "above, by dvc":
        Path("photos.dvc").touch()
    else:
        own = data.model_copy(update={"path": str(Path("photos/own").resolve())})
    assert source_notes.of(own) == []


def test_of_a_table_classes_and_copies_are_said(data):
    """A label that is written in two ways is two classes; copies of the project lack images that git does not have."""
    table = data.model_copy(update={"source": "table", "table": "t.csv"})
    folders("a")
    Path("photos/a/1.png").touch()
    assert source_notes.of(table) == []  # refused elsewhere
    Path("photos/t.csv").write_text("file,label\na/1.png,rose\na/2.png,Rose\n")
    subprocess.run(["git", "init", "--quiet", "."], check=True)
    variants, copies = "classes that differ in upper and lower case only: 'Rose', 'rose'", "--temp` and the queue"
    said = source_notes.of(table)
    assert variants in said
    assert [note for note in said if copies in note]
