"""Streams of random numbers are the same for ever, and no two of them are one."""

import ast

import numpy as np
import pytest

from pipeline.identity import seeds

from ..root import ROOT

PURPOSES = [
    ("kernel of dense1",),
    ("kernel of dense2",),
    ("masks of dropout1",),
    ("order", 1),
    ("order", 2),
    ("views", 1),
]


def test_a_stream_is_the_same_for_ever():
    """Another value here would change every result."""
    assert seeds.generator(1, "order", 3).permutation(8).tolist() == [5, 6, 4, 0, 2, 1, 7, 3]
    assert seeds.whole(1, "kernel of dense1") == 1004994061


def test_no_seed_purpose_or_number_shares_a_stream_with_another():
    """Neighbours above all: replications take consecutive seeds, networks have consecutive layers."""
    streams = {seeds.generator(seed, *purpose).bytes(16) for seed in range(300) for purpose in PURPOSES}
    assert len(streams) == 300 * len(PURPOSES)
    wholes = [seeds.whole(seed, *purpose) for seed in range(300) for purpose in PURPOSES]
    assert len(set(wholes)) == len(wholes)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("views", 1, 23), ("views", 12, 3)),
        (("views", 2**32 + 1), ("views", 1, 1)),  # NumPy takes large numbers apart
        (("views", 0), ("views",)),
        (("views", 0), ("views", 0, 0)),
    ],
)
def test_numbers_are_not_run_together(one, other):
    assert seeds.generator(7, *one).bytes(16) != seeds.generator(7, *other).bytes(16)


def test_streams_of_neighbours_are_not_alike():
    """Correlations of 300 streams' beginnings are what chance gives: below 6 standard errors each."""
    rows = np.array([seeds.generator(seed, "order", epoch).random(400) for seed in range(15) for epoch in range(20)])
    correlations = np.corrcoef(rows)[np.triu_indices(len(rows), 1)]
    assert np.abs(correlations).max() < 6 / np.sqrt(400)


def test_nothing_else_makes_random_numbers():
    found = []
    for file in sorted((ROOT / "pipeline").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
            if name in ("default_rng", "RandomState", "SeedSequence", "randint", "shuffle") and file.name != "seeds.py":
                found.append(f"{file}:{node.lineno}")
    assert not found, "draw from pipeline.identity.seeds"
