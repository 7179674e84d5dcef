"""What a first look says in numbers: counts, sizes, copies, and what images.* might say."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.data import first_look, integrity, near_duplicates
from pipeline.data.first_look import Seen
from pipeline.data.near_candidates import TooManyAlikeError
from pipeline.data.near_duplicates import Pair

_FEW = 30  # images of a class, below which a tenth of it says next to nothing


def pairs(seen: Sequence[Seen]) -> list[Pair] | None:
    """The near-duplicates; None if so many images are alike, scans of one kind, that nothing follows."""
    try:
        return near_duplicates.pairs([one.item for one in seen])
    except TooManyAlikeError:
        return None


def of(seen: Sequence[Seen], classes: Sequence[str], alike: Sequence[Pair] | None) -> dict[str, Any]:
    """By name, as the page shows them; `alike`: the `pairs`."""
    sizes = np.array([(one.height, one.width) for one in seen])
    area = sizes.prod(axis=1)
    counts = first_look.counts(seen, classes)
    identical = integrity.same([one.item for one in seen])
    return {
        "images": len(seen),
        "counts": counts,
        "splits": list(dict.fromkeys(one.item.split for one in seen)),
        "few": [name for name, row in counts.items() if _total(row) < _FEW],
        "imbalance": imbalance(counts),
        "sizes": {
            "smallest": sizes[area.argmin()].tolist(),
            "largest": sizes[area.argmax()].tolist(),
            "median": np.median(sizes, axis=0).astype(int).tolist(),
            "side": round(float(np.median(sizes.min(axis=1)))),  # the shorter: images may lie either way
        },
        "grey": sum(int(one.grey) for one in seen),
        "suggested": first_look.suggested(seen),
        "duplicates": len(identical),
        "disputed": [group for group in identical if integrity.Group(tuple(group)).contradicting],
        "pairs": alike,
        "contradicting": sum(int(pair.first.label != pair.second.label) for pair in alike or []),
    }


def imbalance(counts: Mapping[str, Mapping[str, int]]) -> float:
    """Images of the commonest class over those of the rarest."""
    totals = [_total(row) for row in counts.values()]
    return max(totals) / max(1, min(totals))


def _total(row: Mapping[str, int]) -> int:
    return sum(int(n) for n in row.values())
