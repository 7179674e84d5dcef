"""What is counted in a folder of photographs, and what is said of what is no image of a class."""

import os
from pathlib import Path

import pytest
from PIL import Image

from pipeline.data import survey
from pipeline.process.errors import DataError


def write(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 30)).save(folder / name)
    return folder


def test_what_is_no_image_is_not_counted_but_named(tmp_path: Path) -> None:
    photos = write(tmp_path, "a/1.png", "a/2.png", "b/1.png", "loose.png")
    (photos / "a/text.jpg").write_text("no image")
    for name in ("empty", "texts"):
        (photos / name).mkdir()
    (photos / "texts/only.jpg").write_text("no image")
    found = survey.of(photos)
    assert (found.images, found.classes, found.splits) == (3, {"a": 2, "b": 1}, {"train": 3})
    assert survey.described("photos", found).splitlines() == [
        "photos: 3 images of 2 classes, the fewest of b (1); in colour, about 30 pixels high or wide",
        "no images, though named so: a/text.jpg, texts/only.jpg; data.on_bad_image: skip goes on without them",
        "class folders without an image: empty, texts; put some there, or remove them",
        "images in no class folder, which are left out: loose.png",
    ]


def test_what_fetch_will_stop_at_is_named_whatever_its_ending(tmp_path: Path) -> None:
    photos = write(tmp_path, "a/1.png", "b/1.png", "b/.hidden/2.png", "b/other.png")
    (photos / "b/other.png").rename(photos / "b/without_ending")
    for name in ("a/notes.txt", "b/deep/list.csv", "a/.DS_Store", "a/Thumbs.db"):
        (photos / name).parent.mkdir(exist_ok=True)
        (photos / name).write_text("no image")
    os.mkfifo(photos / "a/pipe")
    os.mkfifo(photos / "a/pipe.png")
    found = survey.of(photos)
    assert found.classes == {"a": 1, "b": 2}
    assert found.refused + found.noted == [
        "no images in class folders: a/notes.txt, a/pipe, b/deep/list.csv; move them elsewhere, or data.on_bad_image:"
        " skip goes on without them",
        "no images, though named so: a/pipe.png; data.on_bad_image: skip goes on without them",
    ]


@pytest.mark.parametrize("ending", [".jfif", "", ".Foto"])
def test_images_are_those_that_fetch_reads_whatever_their_ending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    photos = write(tmp_path, *(f"{label}/{number}.png" for label in "ab" for number in range(5)))
    for file in photos.rglob("*.png"):
        file.rename(file.with_suffix(ending))
    assert survey.of(photos).classes == {"a": 5, "b": 5}
    monkeypatch.setattr(survey, "_LOOKED_AT", 3)
    assert survey.of(photos).classes == {"a": 5, "b": 5}


def test_images_are_those_that_fetch_reads_whatever_they_say_beside_their_pixels(tmp_path: Path) -> None:
    """A text with a wrong checksum stops Pillow, and no photograph; of AVIF colours depend on the machine."""
    photos = write(tmp_path, "a/1.png", "b/1.png")
    whole = (photos / "a/1.png").read_bytes()
    (photos / "a/noted.png").write_bytes(whole[:33] + b"\0\0\0\4tEXta\0bc????" + whole[33:])
    Image.new("RGB", (40, 30)).save(photos / "a/other.jpg", "AVIF")
    found = survey.of(photos)
    assert found.classes == {"a": 2, "b": 1}
    assert found.refused == ["no images, though named so: a/other.jpg; data.on_bad_image: skip goes on without them"]


def test_where_not_all_are_opened_files_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "_LOOKED_AT", 4)
    found = survey.of(write(tmp_path, *(f"{label}/{number}.png" for label in "ab" for number in range(7))))
    assert not found.all_opened
    assert survey.described("photos", found).startswith("photos: 14 files named like images of 2 classes")


def test_images_are_counted_by_split(tmp_path: Path) -> None:
    found = survey.of(write(tmp_path, "train/a/1.png", "train/a/2.png", "train/b/1.png", "val/a/1.png"))
    assert (found.splits, found.classes) == ({"train": 3, "validation": 1}, {"a": 3, "b": 1})
    assert survey.of(write(tmp_path / "train", "c/1.png")).refused == []


def test_folders_that_may_be_meant_as_classes_are_noted(tmp_path: Path) -> None:
    """Those in a class folder, and hidden ones with images; others that begin with a dot are no one's business."""
    within = [f"x/{name}/{depth}1.png" for name in "abcdefg" for depth in ("", "deep/")]
    found = survey.of(write(tmp_path, *within, "y/1.png", ".z/1.png", ".z/2.png", ".cache/deep/1.png"))
    assert (found.classes, found.refused) == ({"x": 14, "y": 1}, [])
    nested, hidden = survey.described("photos", found).splitlines()[1:]
    assert nested == (
        "folders in class folders, whose images count as of that class: x/a, x/b, x/c, x/d, x/e and 2 more"
    )
    assert hidden == (
        "folders with images whose names begin with a dot, which are left out: .z; rename them if they are classes"
    )


def test_of_a_folder_as_it_should_be_nothing_is_noted(tmp_path: Path) -> None:
    assert survey.of(write(tmp_path, "train/a/1.png", "train/b/1.png", "test/a/1.png", "test/b/1.png")).noted == []


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (
            ("1.png", "2.png"),
            "2 images lie directly in it; allowed: .*: move them into a folder of",
        ),
        (("1.png", "a/1.png"), "1 images lie directly in it, and 1 folders have some; allowed"),
        (("a/1.png",), "has images in 1 folders; allowed: one folder of images per class, two or more$"),
    ],
)
def test_images_without_class_folders_are_refused_by_where_they_lie(
    tmp_path: Path, names: tuple[str, ...], said: str
) -> None:
    with pytest.raises(DataError, match=said):
        survey.of(write(tmp_path, *names))
