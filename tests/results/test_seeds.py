"""How a replication reads: every seed, and what they come to together."""

from pipeline.results import seeds
from pipeline.results.seeds import Replicates, Seed


def replicates(*accuracies: float) -> Replicates:
    return Replicates("digits", 100, 200, tuple(Seed(n, f"f{n}", 1, a, a - 0.1) for n, a in enumerate(accuracies)))


def test_seeds_stand_in_columns_and_their_mean_below():
    lines = seeds.describe(replicates(0.9, 1.0)).splitlines()
    assert lines[:3] == [
        "seed  validation     test",
        "   0     90.00 %  80.00 %",
        "   1    100.00 %  90.00 %",
    ]
    assert lines[3].startswith("validation: 95.00 ± 7.07 % (mean ± standard deviation of 2 seeds)")


def test_one_seed_has_no_spread():
    assert "one seed says nothing about the spread" in seeds.describe(replicates(0.9))
