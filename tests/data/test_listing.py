"""Findings are listed up to a number, and how many more there are is said."""

from pipeline.data.listing import listed


def test_the_first_are_shown_and_the_others_counted():
    assert listed(["a", "b", "c"], most=3) == ["  a", "  b", "  c"]
    assert listed(["a", "b", "c"], most=1) == ["  a", "  … and 2 more"]
    assert listed([], most=1) == []
