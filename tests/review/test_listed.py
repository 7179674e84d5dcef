"""A row of the list is kept for the bytes it was made of, and for no others."""

import os
import shutil
from pathlib import Path

import pytest

from pipeline.filing import experiments, reading, writing
from pipeline.process.errors import DataError
from pipeline.review import listed, table

from .conftest import claim


@pytest.fixture
def read(finished: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The experiments whose records are read."""
    writing.file_results("digits")
    names: list[str] = []
    filed = reading.filed
    monkeypatch.setattr(reading, "filed", lambda name: names.append(name) or filed(name))
    return names


def test_what_has_not_changed_is_not_read_again(read):
    first = table.listing()
    assert table.listing() == first
    assert "16.67 % test" in first[0]
    assert read == ["digits"]


def test_whatever_decides_a_row_has_it_made_again(read, monkeypatch):
    table.listing()
    claim(origin="published", value=0.5, n=6)
    assert "  50.00 % test " in table.listing()[0]
    file = experiments.record_folder("digits") / "curves.png"
    file.write_bytes(file.read_bytes())
    table.listing()
    (file.parent / "another.txt").touch()
    table.listing()
    monkeypatch.setattr(listed, "_code", lambda: "of another day")
    table.listing()
    assert read == ["digits"] * 4


def test_an_experiment_is_listed_by_its_own_name(read):
    table.listing()
    experiments.folder("digits").rename("experiments/moved")
    shutil.copytree("experiments/moved", "experiments/twin")
    for _ in range(2):
        names = [line.split()[0] for line in table.listing()[0].splitlines()[1:]]
        assert names == ["moved", "twin"]


def test_a_record_that_is_damaged_later_is_refused_though_its_times_are_the_same(read):
    table.listing()
    file = experiments.record_folder("digits") / "predictions.csv"
    times = file.stat()
    file.write_bytes(file.read_bytes().replace(b"0", b"1", 1))
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    for _ in range(2):
        (error,) = table.listing()[1]
        assert isinstance(error, DataError)


@pytest.mark.parametrize("content", [None, "", "[1]", "{", "7"])
def test_a_list_that_was_kept_in_vain_is_made_anew(read, content):
    expected = table.listing()
    listed.FILE.unlink() if content is None else listed.FILE.write_text(content)
    assert table.listing() == expected
    assert read == ["digits"] * 2


def test_where_nothing_can_be_kept_the_list_is_the_same(read):
    expected = table.listing()
    listed.FILE.unlink()
    listed.FILE.mkdir()
    assert table.listing() == expected
