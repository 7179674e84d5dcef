"""Split strings: what is one, and which surely share images."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.params.slicing import Slice, parse
from pipeline.params.splits import check_splits


def disjoint(first: str, second: str) -> bool:
    try:
        check_splits({"train": first, "test": second})
    except ValueError:
        return False
    return True


def test_an_overlap_names_both_splits_and_what_they_say():
    with pytest.raises(ValueError, match=r"train \(train\[:80%\]\) and test \(train\[70%:\]\) overlap"):
        check_splits({"train": "train[:80%]", "test": "train[70%:]"})


def test_parsing_names_bounds_and_unit():
    assert parse("train+test[50%:]") == [Slice("train", None, None, False), Slice("test", 50, None, True)]
    assert parse("train[-100:]") == [Slice("train", -100, None, False)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "train[",
        "train[:10%",
        "train[5]",
        "train[:50]%",
        "train[:10%:2]",
        "train[10:20%]",
        "tr ain",
        "train\n\n+",
        "train[:٣%]",
    ],
)
def test_what_is_no_split_is_refused(text):
    with pytest.raises(ValueError, match="is not a split"):
        parse(text)


def test_more_than_all_is_refused():
    with pytest.raises(ValueError, match="beyond 100"):
        parse("train[:120%]")


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("train[:80%]", "train[80%:]", True),
        ("train[:80%]", "train[79%:]", False),
        ("train[:80%]", "train[-20%:]", True),
        ("train[:80%]", "train[-21%:]", False),
        ("train[:-10%]", "train[-10%:]", True),
        ("train", "test", True),
        ("train", "train[:1%]", False),
        ("train", "train", False),
        ("train[:100]", "train[100:]", True),
        ("train[:100]", "train[99:200]", False),
        ("train+test[:10%]", "test[5%:]", False),
        ("train[:100]", "train[50%:]", True),  # depends on the size: checked when the data is read
        ("train[-10:]", "train[:10]", True),
    ],
)
def test_overlaps_are_found_when_they_are_sure(first, second, expected):
    assert disjoint(first, second) is expected
    assert disjoint(second, first) is expected


def bounds(first: int, after: int) -> st.SearchStrategy[tuple[int, int]]:
    """The ways to say percent `first` up to `after`, 0 <= first < after <= 100: each from either end, but for -0."""
    return st.tuples(
        st.sampled_from([first, first - 100]), st.sampled_from([after, after - 100 if after < 100 else 100])
    )


SLICES = st.sets(st.integers(0, 100), min_size=2, max_size=2).flatmap(lambda ends: bounds(min(ends), max(ends)))


@given(SLICES, SLICES)
def test_percent_slices_overlap_exactly_if_they_share_an_image_of_a_hundred(first, second):
    shared = set(range(100)[slice(*first)]) & set(range(100)[slice(*second)])
    texts = (f"train[{begin}%:{end}%]" for begin, end in (first, second))
    assert disjoint(*texts) is not bool(shared)


@pytest.mark.parametrize(
    ("text", "fractions"),
    [
        ("train", (0, 1)),
        ("train[:]", (0, 1)),
        ("train[:80%]", (0, 0.8)),
        ("train[10%:-5%]", (0.1, 0.95)),
        ("train[-20%:]", (0.8, 1)),
    ],
)
def test_what_is_in_percent_is_a_fraction_of_its_split(text, fractions):
    (part,) = parse(f" {text} ")
    assert (part.text, part.fractions) == (text, fractions)


@pytest.mark.parametrize("text", ["a[80%:10%]", "a[:0]", "a[50%:50%]", "b+a[9:3]", "a[-10%:-20%]"])
def test_a_slice_that_ends_before_it_begins_is_refused_before_anything_is_read(text):
    with pytest.raises(ValueError, match=r"test \(a\[.*\]\) means no image: give a slice that ends after it begins"):
        check_splits({"train": "other", "test": text})


def test_what_may_have_an_image_is_left_to_those_who_know_how_many_there_are():
    check_splits({"train": "train[-3:3]", "test": "test[5:]"})
