"""Pairs of photographs that are one: scaled, compressed, brightened, mirrored, or cut to four fifths of each side.

In two splits they leak the answer as identical ones do, and no digest finds them. Every image, mirrored or not and at
16 cuts, is compared with all others (near_candidates.py); of what may be a copy, the cut is fitted (cut_fitting.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from pipeline.data import cut_fitting, looks, near_candidates
from pipeline.data.integrity import Item
from pipeline.data.listing import listed
from pipeline.process.errors import DataError

_ALIKE = 960_000  # correlation in millionths, chosen as those of near_candidates.py
_PAIRS = 8  # of an image, on the average: above it these are no photographs
_SHOWN = 10


@dataclass(frozen=True)
class Pair:
    """Two images of different pixels that show one picture; `likeness`: correlation where they overlap.

    0 to 1, and up to some thousandths more where it is 1: whole numbers stand for cells' shares of it.
    """

    first: Item
    second: Item
    likeness: float

    @property
    def leaking(self) -> bool:
        return self.first.split != self.second.split


def pairs(items: Sequence[Item]) -> list[Pair]:
    """The near-duplicates among N `items` that have looks, the closest first; identical ones are none.

    Takes memory in proportion to N and time to N². Raises TooManyAlikeError if nothing follows.
    """
    if not items:
        return []
    small = looks.stacked([item.look for item in items])
    with threadpool_limits(1, "blas"):  # the threads are ours, a block each: its own would wait for one another
        candidates = near_candidates.candidates(small, [item.sha256 for item in items])
        likenesses = cut_fitting.fitted(small, candidates)
    found = []
    for k in np.flatnonzero(likenesses >= _ALIKE):
        two = (items[candidates[end][k]] for end in ("first", "second"))
        first, second = sorted(two, key=lambda item: item.name)
        found.append(Pair(first, second, int(likenesses[k]) / 1e6))
    near_candidates.refuse_too_many(len(found), _PAIRS, len(items))
    return sorted(found, key=lambda pair: (-pair.likeness, pair.first.name, pair.second.name))


def among(found: Sequence[Pair], items: Sequence[Item]) -> list[Pair]:
    """Those of `found` whose images are both among `items`, in the splits that these are in."""
    now = {item.name: item for item in items}
    return [
        Pair(now[pair.first.name], now[pair.second.name], pair.likeness)
        for pair in found
        if pair.first.name in now and pair.second.name in now
    ]


def refuse_leaks(found: Sequence[Pair], classes: Sequence[str]) -> None:
    """Raise DataError, naming images, if two of a pair are in different splits; `classes` are the K class names."""
    leaks = [pair for pair in found if pair.leaking]
    if not leaks:
        return
    lines = [
        " ~ ".join(f"{i.split}: {i.name} ({classes[i.label]})" for i in (pair.first, pair.second)) for pair in leaks
    ]
    raise DataError(
        "\n".join(
            [
                f"data.near_duplicates: {len(leaks)} pairs of images that are copies of each other are in two splits:",
                *listed(lines, _SHOWN),
                "Set data.near_duplicates: together, with data.splitting.method: stratified and all splits slices of"
                " one; or remove one of each; or set report to go on with all.",
            ]
        )
    )
