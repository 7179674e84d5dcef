"""The table source: labels in a file, and what is wrong with it told row by row."""

import csv
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import Table, array, parquet

from pipeline.data import reading, table, table_source
from pipeline.data.image_files import BadFile
from pipeline.process.errors import DataError

FILES = ["a/1.png", "a/2.png", "b/deep/3.png", "4.png"]


@pytest.fixture
def source(tmp_path, painted):
    """A folder of four photographs at different depths."""
    for i, name in enumerate(FILES):
        painted(tmp_path / "photos" / name, seed=i)
    return tmp_path / "photos"


def save(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def refused(path: Path) -> str:
    with pytest.raises(DataError) as raised:
        table.read(path)
    return str(raised.value)


def written(target: Path, source: Path, file: str) -> list[BadFile]:
    return table_source.write(target / "raw", "photos", table_source.read(source, file), "error")


def test_labels_groups_and_splits_come_from_the_table(source, tmp_path, read):
    save(
        source / "labels.csv",
        "label,file,split,group",
        "rose,a/1.png,Training,p1",
        "tulip,a/2.png,train,",
        "rose,b/deep/3.png,holdout,p2",
        "tulip,4.png,valid,p3",
    )
    assert written(tmp_path, source, "labels.csv") == []
    found = {
        split: {(e.name, e.label, e.group) for e in read(tmp_path / "raw", "photos", split)}
        for split in ("train", "validation", "test")
    }
    assert found == {
        "train": {("a/1.png", 0, "p1"), ("a/2.png", 1, "")},
        "validation": {("4.png", 1, "p3")},
        "test": {("b/deep/3.png", 0, "p2")},
    }
    assert reading.classes(reading.open_raw(tmp_path / "raw", "photos").info) == ["rose", "tulip"]


def test_files_are_relative_to_the_table_and_the_rest_of_the_folder_is_not_read(source, tmp_path, read):
    save(source / "b/labels.tsv", "file\tlabel", "deep/3.png\trose", "x.png\ttulip")
    (source / "4.png").rename(source / "b/x.png")
    written(tmp_path, source, "b/labels.tsv")
    assert {e.name for e in read(tmp_path / "raw", "photos")} == {"b/deep/3.png", "b/x.png"}


def test_parquet_and_csv_are_the_same_rows(tmp_path):
    rows = {"file": ["1.png", "2.png"], "label": [7, 8], "group": ["x", None]}
    parquet.write_table(Table.from_pydict(rows), tmp_path / "labels.parquet")
    save(tmp_path / "labels.csv", "file,label,group", "1.png,7,x", "2.png,8,")

    def said(name: str) -> list[tuple[str, ...]]:
        return [(row.file, row.label, row.group, row.split) for row in table.read(tmp_path / name)]

    assert said("labels.parquet") == said("labels.csv") == [("1.png", "7", "x", ""), ("2.png", "8", "", "")]


WRONG = {
    "a,rose,,": "has 4 values",
    ",rose": "line 2: has no file",
    "1.png,": "line 2: has no label",
    "../1.png,rose": "line 2: ../1.png leads out of the table's folder",
    "/1.png,rose": "line 2: /1.png leads out of the table's folder",
}


@pytest.mark.parametrize("line", WRONG)
def test_rows_are_told_by_their_lines(tmp_path, line):
    message = refused(save(tmp_path / "l.csv", "file,label", line, "2.png,tulip"))
    assert message.startswith(f"data.table: 1 rows of {tmp_path / 'l.csv'} cannot be used:")
    assert WRONG[line] in message


def test_contradictions_and_missing_splits_are_told(tmp_path):
    message = refused(
        save(
            tmp_path / "l.csv",
            *("file,label,split", "1.png,rose,train", "1.png,tulip,train", "./1.png,rose,test"),
            *("2.png,rose,", "3.png,rose,first"),
        )
    )
    assert "line 3: 1.png is listed before, in line 2 as rose, here as tulip" in message
    assert "line 4: ./1.png is listed before, in line 2\n" in message
    assert "line 5: has no split, and others have" in message
    assert "line 6: the split is first; allowed: train, validation, test" in message


@pytest.mark.parametrize("line", ["1.png", "1.png,tulip,train,more", "1.png,,train"])
def test_what_a_row_lacks_is_no_contradiction(tmp_path, line):
    """It is told once, and a row with two faults is one row."""
    message = refused(save(tmp_path / "l.csv", "file,label,split", "1.png,rose,train", line, "2.png,,"))
    assert message.startswith(f"data.table: 2 rows of {tmp_path / 'l.csv'} cannot be used:")
    assert "here as" not in message
    assert message.count("line 3: ") == 1 + line.endswith(",train")
    assert message.count("line 4: ") == 2


@pytest.mark.parametrize("weight", ["-1", "nan", "inf", "1e9", "heavy", "-0.001", "1_0"])
def test_weights_that_are_none_are_told_row_by_row(tmp_path, weight):
    message = refused(
        save(tmp_path / "l.csv", "file,label,weight", f"1.png,rose,{weight}", "2.png,tulip,0", "3.png,x,")
    )
    assert message.startswith("data.table: 1 rows of ")
    assert f"line 2: the weight is {weight}; allowed: 0 to 1,000,000, as in 0.5, or nothing for 1" in message


@pytest.mark.parametrize("group", [" ", "\N{NO-BREAK SPACE}", "\N{ZERO WIDTH SPACE}"])
def test_a_group_that_nobody_sees_is_none(tmp_path, group):
    """All images without a group would be one."""
    message = refused(save(tmp_path / "l.csv", "file,label,group", f"1.png,rose,{group}", "2.png,tulip,plant"))
    assert "line 2: the group is a blank; allowed: a name, or nothing for an image that is in none" in message


def weights(source: Path, file: str) -> dict[str, float]:
    path = source / file
    return table_source.weights(table_source.Table(source, path, table.read(path)))


def test_weights_are_those_that_are_not_one_by_the_names_of_the_images(source):
    save(
        source / "b/labels.csv",
        "file,label,weight",
        "deep/3.png,rose,2.5",
        "5.png,tulip,",
        "6.png,rose,1.0",
        "4.png,x,0",
    )
    assert weights(source, "b/labels.csv") == {"b/4.png": 0.0, "b/deep/3.png": 2.5}
    rows = {"file": ["1.png", "2.png", "3.png"], "label": ["a", "b", "b"], "weight": [0.25, None, 1]}
    parquet.write_table(Table.from_pydict(rows), source / "labels.parquet")
    assert weights(source, "labels.parquet") == {"1.png": 0.25}


def test_rows_are_listed_up_to_a_number(tmp_path):
    message = refused(save(tmp_path / "l.csv", "file,label", *[f"{n}.png," for n in range(60)]))
    assert message.count("has no label") == 50
    assert message.endswith("… and 10 more")


@pytest.mark.parametrize(
    ("name", "lines", "says"),
    [
        ("l.csv", ["path,label"], "has the columns path, label, and no file"),
        ("l.csv", ["file;label"], "separated by commas"),
        ("l.csv", ["file,label,grop"], "unknown columns grop; did you mean group?"),
        ("l.csv", ["file,label,foo"], "has the unknown columns foo; allowed: file, label, group, split, weight, separ"),
        ("l.csv", ["file,label,label"], "has a column twice"),
        ("l.csv", [",file,label"], "has the unknown columns ''; allowed"),
        ("l.csv", ["file, label"], "has the columns file, ' label', and no label"),
        ("l.csv", ["file,label"], "has no row"),
        ("l.csv", [""], "l.csv is empty; allowed: file, label"),
        ("l.xlsx", ["file,label"], "found .xlsx at"),
        ("l.parquet", ["file,label"], "is no Parquet file"),
    ],
)
def test_tables_that_are_none_are_named(tmp_path, name, lines, says):
    message = refused(save(tmp_path / name, *lines))
    assert says in message
    assert message.count("allowed: ") <= 1
    assert "found nothing at" in refused(tmp_path / "absent.csv")


def test_a_parquet_file_s_missing_and_unreadable_values_are_told(tmp_path):
    """NaN is how tools write a missing label; what is no text is no name; a column twice is said as of CSV."""
    path, files = tmp_path / "l.parquet", ["1.png", "2.png"]
    parquet.write_table(Table.from_pydict({"file": files, "label": [4.0, float("nan")]}), path)
    assert "row 2: has no label" in refused(path)
    for values in ([b"rose", b"tulip"], [["rose"], ["tulip"]]):
        parquet.write_table(Table.from_pydict({"file": files, "label": values}), path)
        assert re.search(r"found label of type (binary|list<.*>); allowed: text and numbers", refused(path))
    parquet.write_table(Table.from_arrays([array(files)] * 2 + [array(["a", "b"])], ["file", "file", "label"]), path)
    assert "has a column twice: file, file, label" in refused(path)


def test_text_that_is_not_utf_8_is_refused(tmp_path):
    (tmp_path / "l.csv").write_bytes("file,label\n1.png,Gänse\n".encode("latin-1"))
    assert "is not UTF-8" in refused(tmp_path / "l.csv")


@settings(max_examples=150)
@given(
    st.binary(max_size=120),
    st.sampled_from([b"", b"file,label\n", b"file,label,split,group\n", b"\xef\xbb\xbffile,label\n"]),
)
def test_no_bytes_are_a_traceback(tmp_path_factory, content, header):
    path = tmp_path_factory.mktemp("table") / "l.csv"
    path.write_bytes(header + content)
    try:
        rows = table.read(path)
    except DataError:
        return
    assert all(row.file and row.label for row in rows)


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=9), min_size=1, max_size=6)
)
def test_what_a_csv_writer_writes_is_read_as_it_was(tmp_path_factory, labels):
    path = tmp_path_factory.mktemp("table") / "l.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["file", "label"], *([f"{i}.png", label] for i, label in enumerate(labels))])
    assert [row.label for row in table.read(path)] == labels


def write(source: Path, tmp_path: Path, *lines: str) -> str:
    save(source / "labels.csv", *lines)
    with pytest.raises(DataError) as raised:
        written(tmp_path, source, "labels.csv")
    assert not (tmp_path / "raw").exists()
    return str(raised.value)


def test_files_that_are_missing_folders_or_links_are_told_row_by_row(source, tmp_path):
    (source / "linked").symlink_to("a")
    (source / "l.png").symlink_to("4.png")
    message = write(
        source, tmp_path, "file,label", "4.png,rose", "5.png,rose", "b,tulip", "linked/1.png,rose", "l.png,rose"
    )
    assert "4 rows" in message
    assert "line 3: 5.png is not there" in message
    assert "line 4: b is no file" in message
    assert "line 5: linked/1.png is a link or behind one" in message
    assert "line 6: l.png is a link or behind one" in message


def test_labels_must_be_two_and_look_different(source, tmp_path):
    assert "has one label, rose" in write(source, tmp_path, "file,label", "4.png,rose", "a/1.png,rose")
    assert "'rose' and 'rose ' look the same" in write(source, tmp_path, "file,label", "4.png,rose", "a/1.png,rose ")


def test_damaged_images_are_listed_as_in_a_folder(source, tmp_path):
    (source / "bad.png").write_text("no image")
    said = write(source, tmp_path, "file,label", "4.png,rose", "a/1.png,tulip", "bad.png,rose")
    assert "bad.png: not an image" in said


def test_a_folder_and_a_table_must_be_there(tmp_path):
    with pytest.raises(DataError, match=r"data\.path: found nothing at"):
        table_source.read(tmp_path / "absent", "labels.csv")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/labels.csv").symlink_to("/etc/hostname")
    with pytest.raises(DataError, match="is a link"):
        table_source.read(tmp_path / "photos", "labels.csv")


@pytest.mark.parametrize(("file", "row"), [("NFD", "NFC"), ("NFC", "NFD"), ("NFD", "NFD")])
def test_files_are_found_in_every_form_of_unicode(source, tmp_path, read, painted, file, row):
    """A folder packed on macOS and listed in a spreadsheet; one that is listed in both forms is listed twice."""
    name = "M\u00f6wen/\u00e9 1.png"
    painted(source / unicodedata.normalize(file, name), seed=9)
    listed = unicodedata.normalize(row, name)
    save(source / "labels.csv", "file,label,weight", f"{listed},gull,2", "4.png,tulip,")
    written(tmp_path, source, "labels.csv")
    assert {e.name for e in read(tmp_path / "raw", "photos")} == {name, "4.png"}
    assert weights(source, "labels.csv") == {name: 2}
    both = [f"{unicodedata.normalize(form, name)},gull" for form in ("NFC", "NFD")]
    assert "is listed before, in line 2" in write(source, tmp_path / "twice", "file,label", *both)


def test_groups_are_the_same_in_every_form_of_unicode(source, tmp_path, read):
    save(source / "labels.csv", "file,label,group", "a/1.png,rose,G\u00e9", "a/2.png,rose,Ge\u0301", "4.png,tulip,x")
    written(tmp_path, source, "labels.csv")
    assert {e.group for e in read(tmp_path / "raw", "photos")} == {"G\u00e9", "x"}
