"""Corrected labels: read, checked row by row, applied."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.data import corrections
from pipeline.data.reading import Example
from pipeline.process.errors import DataError

CLASSES = ["rose", "tulip"]
HEAD = "name,split,label,suggested,probability,correction"


def save(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def refused(path: Path, classes: list[str] = CLASSES) -> str:
    with pytest.raises(DataError) as raised:
        corrections.read(path, classes)
    return str(raised.value)


def test_rows_without_a_correction_say_nothing(tmp_path):
    file = save(
        tmp_path / "c.csv", HEAD, "a.png,train,rose,tulip,0.02,tulip", "b.png,test,rose,tulip,0.2,", "c.png,,,,,drop"
    )
    assert corrections.read(file, CLASSES) == {"a.png": "tulip", "c.png": "drop"}


def test_labels_are_changed_and_images_left_out():
    pixels = np.zeros((2, 2, 3), np.uint8)
    examples = [Example(name, 0, pixels) for name in ("a", "b", "c")]
    left = corrections.applied(examples, {"a": "tulip", "c": "drop"}, CLASSES)
    assert [(example.name, example.label) for example in left] == [("a", 1), ("b", 0)]


def test_what_cannot_be_used_is_told_row_by_row(tmp_path):
    said = refused(save(tmp_path / "c.csv", "name,correction", "a,tulpe", "b,rose", "b,tulip", "b,rose"))
    assert said.startswith("data.corrections: 2 rows of ")
    assert "line 2: a: found tulpe; allowed: rose, tulip, drop" in said
    assert "line 4: b is tulip here, and rose before" in said


def test_files_that_are_none_are_named(tmp_path):
    assert "found no file at" in refused(tmp_path / "absent.csv")
    assert "has the columns name; allowed: name and correction" in refused(save(tmp_path / "a.csv", "name", "x"))
    assert "has the columns name, correction, why" in refused(save(tmp_path / "b.csv", "name,correction,why"))
    (tmp_path / "c.csv").write_bytes(b"name,correction\nG\xe4nse,rose\n")
    assert "is no CSV file in UTF-8" in refused(tmp_path / "c.csv")
    assert "a class is called drop" in refused(save(tmp_path / "d.csv", "name,correction"), ["drop", "rose"])


def test_images_that_are_not_there_are_named():
    with pytest.raises(DataError, match=r"2 images it names are not in the source: x, y; allowed"):
        corrections.refuse_unknown({"x": "rose", "a": "drop", "y": "drop"}, ["a", "b"])


@pytest.mark.parametrize(("row", "count"), [("a.png,drop", 2), ("a,b.png,train,rose,tulip,0.1,", 7), ("a.png", 1)])
def test_a_row_of_another_length_is_told_not_ignored(tmp_path, row, count):
    """A correction in another column than its own would say nothing, and nobody would notice."""
    assert f"line 2: has {count} values for 6 columns" in refused(save(tmp_path / "c.csv", HEAD, row))


def test_a_column_that_is_there_twice_is_refused(tmp_path):
    said = refused(save(tmp_path / "c.csv", "name,correction,correction", "a,rose,tulip"))
    assert "has the columns name, correction, correction; allowed" in said
    said = refused(save(tmp_path / "d.csv", ",name,correction ", "0,a,rose"))
    assert "has the columns '', name, 'correction '; allowed" in said


def test_what_would_move_a_terminal_s_cursor_is_written_as_its_number(tmp_path):
    assert r"line 2: a\x1b[2J: found b\x1b[2J" in refused(
        save(tmp_path / "c.csv", "name,correction", "a\x1b[2J,b\x1b[2J")
    )
    with pytest.raises(DataError, match=r"not in the source: a\\x1b\[2J;"):
        corrections.refuse_unknown({"a\x1b[2J": "rose"}, [])
