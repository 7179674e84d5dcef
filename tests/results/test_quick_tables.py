"""PyArrow gives what Python's csv and float give, or leaves the table to them: of what is written, and of anything."""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.process.errors import DataError
from pipeline.results import predictions, quick_tables
from pipeline.results.predictions import Predictions

HEADER = "name,p_a,label,p_b\n"
PIECES = st.sampled_from(
    [",", "\n", "\n\n", " ", '"', "\r\n", "\ufeff", "ß", "a", "b", "&lt;", "nan", "inf", "1", "0.5", "1_0"]
)
NUMBERS = st.floats(width=64).map(repr) | st.sampled_from(
    ["+1", " 1", "1 ", ".5", "5.", "1e5", "0x1p1", "NaN", "1d5", ""]
)
TEXTS = st.text(st.characters(exclude_characters='\n\r,"\0', exclude_categories=["Cs"]), max_size=5)
ROWS = st.lists(st.tuples(TEXTS, NUMBERS, TEXTS, NUMBERS).map(",".join), max_size=4).map("\n".join)


@pytest.fixture(autouse=True, scope="module")
def any_size() -> Iterator[None]:
    """Small tables are read by PyArrow, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quick_tables, "SMALLEST_BYTES", 0)
        yield


def by_python(path: Path) -> tuple[list[list[str]], np.ndarray] | None:
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.reader(file) if row][1:]
    try:
        values = [[float(row[1]), float(row[3])] for row in rows if len(row) == 4 or row.index("too short or too long")]
    except ValueError:
        return None
    return [[row[0] for row in rows], [row[2] for row in rows]], np.array(values).reshape(-1, 2)


@given(rows=ROWS | st.lists(PIECES, max_size=20).map("".join))
@example(rows="x,0.1,y,0.30000000000000004\n")
@example(rows="x,4.9e-324,,1.7976931348623157e308")
@example(rows="x,1,y,2\n\n\nz,3,,4\n\n")
@example(rows='"x",1,"y\nz",2\n')
@example(rows="\n x , 1 , y , 2 \n")
def test_the_values_are_those_of_python_or_it_is_left_to_it(
    tmp_path_factory: pytest.TempPathFactory, rows: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_text(HEADER + rows, encoding="utf-8", newline="")
    quick, slow = quick_tables.read(path, 4, [0, 2], [1, 3]), by_python(path)
    if quick is not None:
        assert slow is not None
        assert quick[0] == slow[0]
        np.testing.assert_array_equal(quick[1], slow[1])


def test_what_is_written_is_read_quickly_and_to_the_last_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "predictions.csv"
    random = np.random.default_rng(0)
    probabilities = random.dirichlet(np.ones(3), 4000)
    names = [f"<größe & {i}>.png" for i in range(4000)]
    written = Predictions(["<b>", "&lt;", "ß"], names, random.integers(0, 3, 4000), probabilities)
    predictions.write(path, written)
    monkeypatch.setattr(predictions, "_row", None)  # Python reads none of it
    read = predictions.read(path)
    assert (read.classes, read.names) == (written.classes, written.names)
    np.testing.assert_array_equal(read.labels, written.labels)
    np.testing.assert_array_equal(read.probabilities, probabilities)
    assert read.probabilities.flags == probabilities.flags


def test_a_small_table_loads_no_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick_tables, "SMALLEST_BYTES", 100)
    path = tmp_path / "small.csv"
    path.write_text(HEADER + "x,1,y,2\n")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert quick_tables.read(path, 4, [0, 2], [1, 3]) is None


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("0.75", "many", "could not convert"),
        (",0.25\n", "\n", "a row has 4 cells"),
        (",rose,rose", ",lily,rose", "lily"),
    ],
)
def test_what_is_wrong_is_said_as_of_a_small_table(tmp_path: Path, before: str, after: str, message: str) -> None:
    path = tmp_path / "predictions.csv"
    predictions.write(path, Predictions(["rose", "tulip"], ["x"], np.array([0]), np.array([[0.75, 0.25]])))
    path.write_text(path.read_text().replace(before, after))
    with pytest.raises(DataError, match=message):
        predictions.read(path)
