"""Backbones side by side, the best first: the table behind `herbarium backbones`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.model.probing import Probed
from pipeline.process import limits, tables
from pipeline.results.statistics import mcnemar, wilson_interval

_LUCK = 0.05  # p-value below which a difference is none
_COLUMNS = ("backbone", "accuracy (95 % interval)", "images/s", "disk", "extracting", "a trial")


def ranked(found: Sequence[Probed]) -> list[Probed]:
    """The most accurate first; of equals the quickest."""
    return sorted(found, key=lambda one: (-int(one.right.sum()), -one.images_a_second))


def as_good(found: Sequence[Probed]) -> list[Probed]:
    """Of the `ranked` those that luck with the images may have put below the first (McNemar 1947)."""
    return [one for one in found[1:] if mcnemar(found[0].right, one.right) >= _LUCK]


def show(found: Sequence[Probed], pixels: np.ndarray) -> None:
    """Print the table of the `ranked`; `pixels`: bool (n,), what the probe does without any backbone."""
    print(f"a linear probe on {len(pixels):,} images of training and validation, each held out once:")
    rows = [_COLUMNS, *map(_row, found), ["no backbone: pixels", _accuracy(pixels), "", "", "", ""]]
    print("\n".join(f"  {line}" for line in tables.aligned(rows, right=range(1, len(_COLUMNS)))))
    print(
        "disk and extracting: of the whole data set, once. a trial: the head of params.yaml on frozen features, all its"
        " epochs.\nBoth are estimates, of this machine as busy as it is now."
    )
    if others := as_good(found):
        quickest = max([found[0], *others], key=lambda one: one.images_a_second)
        names = ", ".join(one.candidate.name for one in others)
        print(f"within luck of the first (McNemar, p ≥ {_LUCK}): {names}; quickest: {quickest.candidate.name}")


def _row(one: Probed) -> list[str]:
    disk, extracting, trial = limits.size(one.bytes_stored), _time(one.seconds_extracting), _time(one.seconds_a_trial)
    return [one.candidate.name, _accuracy(one.right), f"{one.images_a_second:,.0f}", disk, extracting, trial]


def _accuracy(right: np.ndarray) -> str:
    low, high = wilson_interval(int(right.sum()), len(right))
    return f"{100 * right.mean():.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def _time(seconds: float) -> str:
    return f"{seconds:,.1f} s" if seconds < 90 else f"{seconds / 60:,.0f} min"
