"""What belongs together over others has one leader, and which one follows from the order of the pairs."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipeline.results import together
from pipeline.results.together import leaders

SIZE = 12
PAIRS = st.lists(st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1)), max_size=20)


def test_who_is_alone_leads_itself():
    assert leaders("abc", []) == {"a": "a", "b": "b", "c": "c"}
    assert leaders("ab", [("a", "a")]) == {"a": "a", "b": "b"}


def test_the_second_of_a_pair_leads_on():
    assert leaders(range(5), [(2, 0), (2, 1), (4, 3)]) == {0: 1, 1: 1, 2: 1, 3: 3, 4: 3}


@given(PAIRS)
def test_sets_are_those_of_scipy(pairs):
    ends = np.array(pairs, int).reshape(-1, 2).T
    graph = coo_array((np.ones(len(pairs)), tuple(ends)), shape=(SIZE, SIZE))
    _, expected = connected_components(graph, directed=False)
    found = leaders(range(SIZE), pairs)
    assert [[found[a] == found[b] for b in range(SIZE)] for a in range(SIZE)] == (
        expected[:, None] == expected
    ).tolist()


def test_groups_that_share_an_image_are_one_whichever_of_it_is_left() -> None:
    groups = {"a": "p", "b": "q", "c": "r", "d": "", "e": "s", "f": "q"}
    found = together.groups_joined(groups, [["a", "b"], ["c", "d", "gone"]])
    assert found["a"] == found["b"] == found["f"]
    assert len({found[name] for name in "ace"}) == 3
    assert found.keys() == groups.keys() - {"d"}
    report = {"duplicates": {"groups": [{"images": [{"name": "a"}, {"name": "b"}]}]}}
    assert together.identical_in(report) == [["a", "b"]]
    assert together.identical_in({}) == []
