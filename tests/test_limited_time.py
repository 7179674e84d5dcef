"""What does not fit into a time is named, and comes another time."""

import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from . import limited_time


@pytest.mark.parametrize(
    ("first", "expected"),
    [(None, "a1 a2 b1 c1 c2"), ("0", "a1 a2 b1 c1 c2"), ("1", "b1 c1 c2 a1 a2"), ("5", "c1 c2 a1 a2 b1")],
)
def test_each_time_another_file_begins(first: str | None, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    items = [SimpleNamespace(path=Path(name[0]), name=name) for name in ("a1", "a2", "b1", "c1", "c2")]
    monkeypatch.delenv(limited_time.FIRST, raising=False)
    if first:
        monkeypatch.setenv(limited_time.FIRST, first)
    limited_time.pytest_collection_modifyitems(items)
    assert " ".join(item.name for item in items) == expected


def test_nothing_to_run_has_no_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(limited_time.FIRST, "3")
    items: list = []
    limited_time.pytest_collection_modifyitems(items)
    assert items == []


def test_what_is_left_is_skipped_by_name_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(limited_time.UNTIL, raising=False)
    limited_time.pytest_runtest_setup()
    monkeypatch.setenv(limited_time.UNTIL, str(time.time() + 60))
    limited_time.pytest_runtest_setup()
    monkeypatch.setenv(limited_time.UNTIL, str(int(time.time()) - 1))
    with pytest.raises(pytest.skip.Exception, match="no time was left"):
        limited_time.pytest_runtest_setup()
