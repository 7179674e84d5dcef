"""The image-folder source: what counts as an image of which class, in which order, and what is refused."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.data import image_files, image_folder, reading
from pipeline.process.errors import DataError
from tests import trees

ROOT = Path(__file__).parents[2]


@pytest.fixture
def flowers(tmp_path, painted):
    """Two classes of six photographs, one of them deeper inside."""
    source = tmp_path / "flowers"
    for i in range(12):
        painted(source / ("rose" if i % 2 else "tulip") / ("deep/er" if i == 4 else "") / f"{i:02}.png", seed=i)
    return source


def written(source, target, on_bad_image="error"):
    return image_folder.write(target, "flowers", source, on_bad_image)


def test_every_image_is_read_with_its_class_name_and_original_bytes(flowers, tmp_path, read):
    assert written(flowers, tmp_path / "raw") == []
    found = read(tmp_path / "raw", "flowers")
    assert len(found) == 12
    for example in found:
        assert example.image == (flowers / example.name).read_bytes()
        assert example.name.split("/")[0] == ["rose", "tulip"][example.label]
    assert "tulip/deep/er/04.png" in {example.name for example in found}


def test_the_order_depends_on_contents_only(flowers, tmp_path, read):
    written(flowers, tmp_path / "raw")
    before = read(tmp_path / "raw", "flowers")
    for i, path in enumerate(sorted(flowers.rglob("*.png"))):
        path.rename(path.with_name(f"{99 - i} renamed.PNG"))
    written(flowers, tmp_path / "renamed")
    after = read(tmp_path / "renamed", "flowers")
    assert [(e.image, e.label) for e in after] == [(e.image, e.label) for e in before]
    assert [e.name for e in after] != [e.name for e in before]


def test_equal_folders_in_different_places_are_equal_bytes(flowers, tmp_path):
    written(flowers, tmp_path / "raw")
    copy = tmp_path / "elsewhere" / "photographs"
    for path in sorted(flowers.rglob("*.png"), reverse=True):  # created in another order
        target = copy / path.relative_to(flowers)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    written(copy, tmp_path / "raw2")
    assert trees.digest(tmp_path / "raw") == trees.digest(tmp_path / "raw2")


def test_identical_files_are_neighbours_and_none_is_lost(flowers, tmp_path, read):
    for copy in ("rose/copy.png", "tulip/copy.png"):
        shutil.copy(flowers / "rose/01.png", flowers / copy)
    written(flowers, tmp_path / "raw")
    names = [example.name for example in read(tmp_path / "raw", "flowers")]
    first = names.index("rose/01.png")
    assert names[first : first + 3] == ["rose/01.png", "rose/copy.png", "tulip/copy.png"]
    assert len(names) == 14


def test_hidden_files_loose_files_and_clutter_are_no_images(flowers, tmp_path, read):
    for name in (
        ".DS_Store",
        "rose/.thumbnail.jpg",
        "rose/.cache/a.png",
        ".git/config",
        "LICENSE.txt",
        "rose/Thumbs.db",
    ):
        (flowers / name).parent.mkdir(exist_ok=True)
        (flowers / name).write_text("no image")
    shutil.copytree(flowers / "rose", flowers / "__MACOSX/rose")
    assert written(flowers, tmp_path / "raw") == []
    assert len(read(tmp_path / "raw", "flowers")) == 12


def test_folders_called_like_splits_are_splits(tmp_path, painted, read):
    folders = {"train": "Train", "validation": "valid", "test": "holdout"}
    for i, folder in enumerate(folders.values()):
        for label in ("rose", "tulip"):
            painted(tmp_path / "source" / folder / label / "a.png", seed=2 * i + (label == "tulip"))
    written(tmp_path / "source", tmp_path / "raw")
    for split, folder in folders.items():
        names = {example.name for example in read(tmp_path / "raw", "flowers", split)}
        assert names == {f"{folder}/rose/a.png", f"{folder}/tulip/a.png"}


def test_classes_called_like_splits_are_classes_in_a_folder_train(tmp_path, painted, read):
    for i, label in enumerate(["train", "bus"]):
        painted(tmp_path / "source/train" / label / "a.png", seed=i)
    written(tmp_path / "source", tmp_path / "raw")
    assert {e.name for e in read(tmp_path / "raw", "flowers")} == {"train/train/a.png", "train/bus/a.png"}


def test_names_are_composed_once_so_a_class_is_one_in_all_splits(tmp_path, painted, read):
    """macOS writes an ä as two characters."""
    for i, folder in enumerate(["train/G\u00e4nse", "train/Hund", "test/Ga\u0308nse"]):
        painted(tmp_path / "source" / folder / "a\u0308.png", seed=i)
    written(tmp_path / "source", tmp_path / "raw")
    (goose,) = read(tmp_path / "raw", "flowers", "test")
    assert (goose.name, goose.label) == ("test/G\u00e4nse/\u00e4.png", 0)
    assert reading.classes(reading.open_raw(tmp_path / "raw", "flowers").info) == ["G\u00e4nse", "Hund"]


@pytest.fixture
def damaged(flowers):
    """Three unreadable files among the twelve good ones."""
    (flowers / "rose/empty.jpg").write_bytes(b"")
    (flowers / "tulip/notes.txt").write_text("remember the water")
    whole = (flowers / "rose/01.png").read_bytes()
    (flowers / "rose/cut.png").write_bytes(whole[: len(whole) // 2])
    return flowers


def test_all_unreadable_files_are_listed_at_once(damaged, tmp_path):
    with pytest.raises(DataError) as raised:
        written(damaged, tmp_path / "raw")
    message = str(raised.value)
    assert "3 unreadable images" in message
    assert "rose/empty.jpg: the file is empty" in message
    assert "rose/cut.png: damaged image" in message
    assert "tulip/notes.txt: not an image" in message
    assert "data.on_bad_image: skip" in message
    assert not (tmp_path / "raw").exists()


def test_unreadable_files_can_be_skipped_and_are_reported(damaged, tmp_path, read):
    bad = written(damaged, tmp_path / "raw", on_bad_image="skip")
    assert [file.name for file in bad] == ["rose/cut.png", "rose/empty.jpg", "tulip/notes.txt"]
    assert len(read(tmp_path / "raw", "flowers")) == 12


def test_a_name_that_is_not_utf_8_is_a_bad_file(flowers, tmp_path):
    shutil.copy(flowers / "rose/01.png", bytes(flowers / "rose") + b"/\xff.png")
    (bad,) = written(flowers, tmp_path / "raw", on_bad_image="skip")
    assert bad.name == "rose/\\udcff.png"
    assert "not UTF-8" in bad.reason


def refused(source, target):
    with pytest.raises(DataError) as raised:
        written(source, target)
    return str(raised.value)


def test_files_that_cannot_be_told_apart_or_written_down_are_bad_files(flowers, tmp_path):
    for name in ("a\u0308.png", "\u00e4.png", "line\nbreak.png"):
        shutil.copy(flowers / "rose/01.png", flowers / "rose" / name)
    os.mkfifo(flowers / "rose/pipe.png")
    message = refused(flowers, tmp_path / "raw")
    assert "4 unreadable images" in message
    assert message.count("rose/\u00e4.png: another file's name is the same in Unicode's composed form") == 2
    assert "rose/line\\nbreak.png: its name has a line break" in message
    assert "rose/pipe.png: is no regular file" in message


@pytest.mark.parametrize("pair", [("rose", "rose "), ("G\u00e4nse", "Ga\u0308nse"), ("rose", "ro\nse")])
def test_classes_whose_names_would_be_lost_are_refused_before_an_image_is_read(tmp_path, pair):
    for label in pair:
        (tmp_path / "source" / label).mkdir(parents=True)
        (tmp_path / "source" / label / "a.png").write_text("no image")
    message = refused(tmp_path / "source", tmp_path / "raw")
    assert "names that cannot be used for classes" in message
    assert repr(pair[1]) in message


def test_the_locale_changes_no_name(flowers, tmp_path):
    """With a locale of one byte a letter, Python takes each name for another one."""
    (flowers / "rose").rename(flowers / "Gänse 猫")
    (flowers / "tulip/00.png").rename(flowers / "tulip/ü.png")
    code = (
        "import sys; from pathlib import Path; from pipeline.data import image_files, image_folder, reading;"
        "assert sys.getfilesystemencoding() != 'utf-8';"
        "image_folder.write(Path(sys.argv[2]), 'flowers', Path(sys.argv[1]), 'error')"
    )
    environment = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    arguments = [sys.executable, "-c", code, str(flowers), str(tmp_path / "raw")]
    subprocess.run(arguments, check=True, cwd=ROOT, env=os.environ | environment, capture_output=True)
    written(flowers, tmp_path / "usual")
    assert trees.digest(tmp_path / "raw") == trees.digest(tmp_path / "usual")


def test_what_is_no_image_folder_is_refused(tmp_path, painted):
    with pytest.raises(DataError, match=r"data\.path: found nothing at"):
        written(tmp_path / "missing", tmp_path / "raw")
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="found a file"):
        written(tmp_path / "file", tmp_path / "raw")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="at least two"):
        written(tmp_path / "empty", tmp_path / "raw")
    for label in ("rose", "tulip"):
        painted(tmp_path / "half" / "train" / label / "a.png", seed=1)
    (tmp_path / "half" / "test" / "rose").mkdir(parents=True)
    with pytest.raises(DataError, match=r"no readable image for test in .*half; allowed: JPEG"):
        written(tmp_path / "half", tmp_path / "raw")


@pytest.mark.parametrize("how", ["replaced", "removed"])
def test_a_photograph_changed_between_the_look_at_it_and_the_writing_is_refused(flowers, tmp_path, monkeypatch, how):
    inspect = image_files._inspected

    def then_change(*arguments):
        found = inspect(*arguments)
        path = flowers / "rose/01.png"
        path.unlink() if how == "removed" else shutil.copy(flowers / "rose/03.png", path)
        return found

    monkeypatch.setattr(image_files, "_inspected", then_change)
    with pytest.raises(DataError, match=r"rose/01\.png was changed while it was read: run dvc repro again"):
        written(flowers, tmp_path / "raw")
