"""Duplicates, contradictions and leaks on hand-made lists."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.data import integrity
from pipeline.data.integrity import Item
from pipeline.process.errors import DataError

TWICE = [Item("train", "a", 0, "x"), Item("train", "b", 0, "x")]
CONTRADICTING = [Item("train", "c", 0, "y"), Item("train", "d", 1, "y")]
LEAKING = [Item("train", "e", 1, "z"), Item("validation", "f", 1, "z"), Item("test", "g", 1, "z")]
SINGLE = [Item("train", "h", 1, "w")]
ALL = TWICE + CONTRADICTING + LEAKING + SINGLE

ITEMS = st.lists(
    st.builds(
        Item, st.sampled_from(["train", "validation", "test"]), st.text(), st.integers(0, 2), st.sampled_from("abcd")
    ),
    unique_by=lambda item: item.name,
)


def test_groups_are_found_and_described():
    twice, contradicting, leaking = integrity.duplicates(ALL)
    assert (twice.contradicting, twice.leaking) == (False, False)
    assert (contradicting.contradicting, contradicting.leaking) == (True, False)
    assert (leaking.contradicting, leaking.leaking) == (False, True)


def test_the_test_split_keeps_its_image_and_contradictions_go_entirely():
    groups = integrity.duplicates(ALL)
    assert [group.kept.name if group.kept else None for group in groups] == ["a", None, "g"]
    assert integrity.superfluous(groups) == {"b", "c", "d", "e", "f"}


def test_leaks_are_refused_with_names_and_ways_out():
    with pytest.raises(DataError) as raised:
        integrity.refuse_leaks(integrity.duplicates(ALL), ["cat", "dog"])
    message = str(raised.value)
    assert "test: g (dog) = validation: f (dog) = train: e (dog)" in message
    assert "data.deduplicate: true" in message
    assert "data.allow_leaks: true" in message
    integrity.refuse_leaks(integrity.duplicates(TWICE + CONTRADICTING), ["cat", "dog"])


def test_many_leaks_are_counted_rather_than_listed():
    many = [Item(split, f"{split}{i}", 0, str(i)) for i in range(30) for split in ("train", "test")]
    with pytest.raises(DataError, match=r"30 groups(?s:.)*and 20 more"):
        integrity.refuse_leaks(integrity.duplicates(many), ["cat"])


@given(ITEMS)
def test_after_deduplication_no_two_images_are_identical(items):
    dropped = integrity.superfluous(integrity.duplicates(items))
    kept = [item for item in items if item.name not in dropped]
    assert integrity.duplicates(kept) == []
    labels = {digest: {item.label for item in items if item.sha256 == digest} for digest in "abcd"}
    assert {item.sha256 for item in kept} == {digest for digest, found in labels.items() if len(found) == 1}
