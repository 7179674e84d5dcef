"""Files that are whole or not there, and the same bytes for the same content."""

import json
import math
import multiprocessing
import os
import stat
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.files import records

IN_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file.txt"
    records.write_text(path, "old")

    def fail() -> None:
        with records.atomic(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_folders_are_made_and_the_umask_kept(tmp_path):
    path = tmp_path / "a" / "b" / "file.txt"
    before = os.umask(0o027)
    try:
        records.write_text(path, "x")
        assert records._umask() == 0o027
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def _write_often(path: Path, letter: str) -> None:
    for _ in range(10):
        records.write_text(path, letter * 10_000)


def test_two_writers_never_mix(tmp_path):
    path = tmp_path / "file.txt"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_often, args=(path, letter)) for letter in "ab"]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        if path.exists():
            assert path.read_text() in ("a" * 10_000, "b" * 10_000)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert list(tmp_path.iterdir()) == [path]


JSONABLE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(JSONABLE.filter(lambda content: "\\ud" not in json.dumps(content)))
@IN_FOLDER
def test_json_is_read_back_as_it_was(tmp_path, content):
    records.write_json(tmp_path / "x.json", content)
    assert records.read_json(tmp_path / "x.json") == content


def test_json_does_not_depend_on_the_order_of_keys():
    assert records.canonical({"b": [1, 0.1], "a": "é"}) == '{\n  "a": "é",\n  "b": [\n    1,\n    0.1\n  ]\n}\n'
    assert records.digest({"a": 1, "b": 2}) == records.digest({"b": 2, "a": 1})
    assert records.digest({"a": 1}) != records.digest({"a": 2})


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_is_not_written(tmp_path, value):
    with pytest.raises(ValueError, match="Out of range float"):
        records.write_json(tmp_path / "x.json", value)
    assert list(tmp_path.iterdir()) == []


@given(st.lists(st.tuples(st.floats(), st.integers(), st.text(st.characters(exclude_categories=["Cs"])))))
@IN_FOLDER
def test_tables_are_read_back_to_the_last_bit(tmp_path, rows):
    records.write_csv(tmp_path / "x.csv", ["a", "b", "c"], rows)
    for (a, b, c), row in zip(rows, records.read_csv(tmp_path / "x.csv"), strict=True):
        assert math.isnan(a) == math.isnan(float(row["a"]))
        assert math.isnan(a) or float(row["a"]) == a
        assert (int(row["b"]), row["c"]) == (b, c)


def test_lines_of_a_table_end_in_a_newline_alone(tmp_path):
    records.write_csv(tmp_path / "x.csv", ["a", "b"], [(0.1, "x"), (1, 'two\r\n"lines"')])
    assert (tmp_path / "x.csv").read_bytes() == b'a,b\n0.1,x\n1,"two\r\n""lines"""\n'


def test_arrays_are_mapped_or_read(tmp_path):
    array = np.arange(6, dtype=np.float16).reshape(2, 3)
    records.write_npy(tmp_path / "x.npy", array)
    assert isinstance(records.read_npy(tmp_path / "x.npy"), np.memmap)
    read = records.read_npy(tmp_path / "x.npy", memory_map=False)
    assert not isinstance(read, np.memmap)
    np.testing.assert_array_equal(read, array)


def test_pickled_arrays_are_neither_written_nor_read(tmp_path):
    objects = np.array([{}], dtype=object)
    with pytest.raises(ValueError, match="allow_pickle"):
        records.write_npy(tmp_path / "x.npy", objects)
    np.save(tmp_path / "x.npy", objects, allow_pickle=True)
    with pytest.raises(ValueError, match="allow_pickle"):
        records.read_npy(tmp_path / "x.npy", memory_map=False)


def test_an_arrays_digest_is_over_type_shape_and_values():
    array = np.arange(6, dtype=np.int32)
    different = [array.astype(np.int64), array.reshape(2, 3), array[::-1], array.view(np.float32)]
    digests = {records.array_digest(a) for a in (array, *different)}
    assert len(digests) == 5
    assert records.array_digest(np.arange(12, dtype=np.int32)[::2] // 2) == records.array_digest(array)


def test_what_is_being_written_is_not_among_the_finished_files(tmp_path):
    for name in ("b.json", "a.json", ".x.c.json", "d.csv"):
        (tmp_path / name).touch()
    assert records.finished(tmp_path, "*.json") == [tmp_path / "a.json", tmp_path / "b.json"]
    assert records.finished(tmp_path / "none", "*.json") == []
