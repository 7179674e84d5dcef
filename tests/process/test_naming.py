"""A message names some of many, and says how many it does not name."""

import pytest

from pipeline.process import naming


@pytest.mark.parametrize(
    ("most", "said"), [(1, "a and 2 more"), (2, "a; b and 1 more"), (3, "a; b; c"), (4, "a; b; c")]
)
def test_the_first_are_named_and_the_others_counted(most: int, said: str) -> None:
    assert naming.some(["a", "b", "c"], most, "; ") == said


def test_many_are_counted_in_thousands() -> None:
    assert naming.some(["a"] * 1502, 2) == "a, a and 1,500 more"
