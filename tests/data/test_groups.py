"""Which group an image belongs to."""

import pytest

from pipeline.data import groups
from pipeline.process.errors import DataError

NAMES = ["rose/p1/a.jpg", "rose/p2/x/b.jpg", "tulip/p1/c.jpg"]


def found(rule: str | None, *given: str) -> list[str]:
    return groups.of(rule, zip(NAMES, given or [""] * 3, strict=True))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (None, ["", "", ""]),
        ("folder", ["rose/p1", "rose/p2/x", "tulip/p1"]),
        ("folder:1", ["rose", "rose", "tulip"]),
        ("folder:2", ["rose/p1", "rose/p2", "tulip/p1"]),
        (r"(p\d)", ["p1", "p2", "p1"]),
        (r"/(x)/|/(p\d)/[ac]", ["p1", "x", "p1"]),
    ],
)
def test_groups_are_found_by_folder_or_name(rule, expected):
    assert found(rule) == expected


def test_a_table_s_column_may_leave_images_by_themselves():
    assert found("column", "7", "", "7") == ["7", "", "7"]
    with pytest.raises(DataError, match="found column, and the source has no groups"):
        found("column")


@pytest.mark.parametrize("rule", ["folder:3", r"(p1)", r"p1(z?)"])
def test_images_without_a_group_are_named(rule):
    with pytest.raises(DataError, match=r"finds no group in \d of 3 names: .*rose/"):
        found(rule)


def test_units_that_are_together_are_one_and_so_on():
    units = {"a": "image 1", "b": "group g", "c": "group g", "d": "image 2", "e": "image 3"}
    assert groups.joined(units, []) == list(units.values())
    assert groups.joined(units, [("a", "d"), ("d", "c"), ("e", "elsewhere")]) == ["group g"] * 4 + ["image 3"]


def test_groups_that_look_the_same_are_refused():
    """Two ways to write one plant would part it: its photographs would be learned and asked about."""
    with pytest.raises(
        DataError, match=r"column finds groups that look the same: 'p1' and 'p1 '; write those that are"
    ):
        found("column", "p1", "p1 ", "p2")
    assert found("column", "p1", "P1", "p 1") == ["p1", "P1", "p 1"]
