"""A folder is the old one or the new one, whole, whatever stops its making."""

import pytest

from pipeline.files import folders


def test_a_new_folder_takes_the_place_of_the_old(tmp_path):
    path = tmp_path / "record"
    for content in ("one", "two"):
        with folders.replaced(path) as new:
            (new / content).write_text(content)
    assert [file.name for file in path.iterdir()] == ["two"]
    assert [file.name for file in tmp_path.iterdir()] == ["record"]


def test_an_error_leaves_the_old_one(tmp_path):
    path = tmp_path / "record"
    path.mkdir()
    (path / "old").write_text("old")
    with pytest.raises(FileNotFoundError), folders.replaced(path) as new:
        (new / "half").write_text(str((new / "missing").read_text()))
    assert [file.name for file in path.iterdir()] == ["old"]
    assert [file.name for file in tmp_path.iterdir()] == ["record"]


def test_what_a_kill_between_the_renames_left_is_put_right(tmp_path):
    (tmp_path / ".record.old").mkdir()
    (tmp_path / ".record.old/precious").write_text("precious")
    (tmp_path / ".record.new").mkdir()
    with pytest.raises(RuntimeError), folders.replaced(tmp_path / "record"):
        raise RuntimeError
    assert (tmp_path / "record/precious").read_text() == "precious"
