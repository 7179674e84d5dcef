"""Pairs of photographs that are one: scaled, compressed, brightened, mirrored, or cut to four fifths of each side.

In two splits they leak the answer as identical ones do, and no digest finds them. Every image, mirrored or not and at
16 cuts, is compared with all others in blocks; of what is alike at 8 × 8 cells, the cut is fitted at 16 × 16.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from pipeline.data import looks
from pipeline.data.integrity import Item
from pipeline.data.listing import listed
from pipeline.data.looks import SIDE, WHOLE, Stretch
from pipeline.process import progress
from pipeline.process.errors import DataError

# Correlations in millionths, chosen on 1,200 photographs of flowers and 3,200 copies of them (tests/data).
_CANDIDATE, _LIKELY, _ALIKE = 880_000, 800_000, 960_000
_CUTS = (WHOLE, (0, 28), (4, 32), (2, 30))
_COARSE, _FINE = 8, 16
_STEPS = (2, 1)  # pixels of a look: while a cut is fitted, its ends are moved by up to two steps of the first, then …
_BLOCK = 4096
_SHOWN = 10
# An image, on the average: candidates that are kept at most, so that memory and time stay in proportion; what of them,
# and of all at any time, may be alike before it says that these are no photographs.
_CANDIDATES, _PAIRS, _AT_ONCE, _FREE = 12, 8, 100, 500


class TooManyAlikeError(DataError):
    """So many images look alike that the pairs say nothing."""


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
    found = []
    for i, j, mirrored, rows, columns in _candidates(small, [item.sha256 for item in items]):
        likeness = _fitted(_turned(small[i], mirrored), small[j], rows, columns)
        if likeness >= _ALIKE:
            first, second = sorted((items[i], items[j]), key=lambda item: item.name)
            found.append(Pair(first, second, likeness / 1e6))
    _refuse_too_many(len(found), _PAIRS, len(items))
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


Candidate = tuple[int, int, bool, Stretch, Stretch]


def _candidates(small: np.ndarray, digests: Sequence[str]) -> list[Candidate]:
    """Pairs (i, j) with the view, mirrored or not and cut, in which i is most like the whole of j."""
    best: _Best = {}
    coarse, fine = (_described(small, WHOLE, WHOLE, cells) for cells in (_COARSE, _FINE))
    views = list(product((False, True), _CUTS, _CUTS))
    with progress.images("comparing views", len(small) * len(views)) as advance:
        for mirrored, rows, columns in views:
            for start in range(0, len(small), _BLOCK):
                part = _turned(small[start : start + _BLOCK], mirrored)
                view = _described(part, rows, columns, _COARSE)
                closer = _described(part, rows, columns, _FINE)
                for i, j, score in _alike(view, coarse, closer, fine):
                    a = start + i
                    pair = (min(a, j), max(a, j))
                    if digests[a] != digests[j] and score > best.get(pair, (0,))[0]:
                        best[pair] = score, (a, j, mirrored, rows, columns)
                _refuse_too_many(len(best), _AT_ONCE, len(small))
                advance(len(part))
            best = _strongest(best, _CANDIDATES * len(small) + _FREE)
    return [best[pair][1] for pair in sorted(best)]


_Best = dict[tuple[int, int], tuple[int, Candidate]]


def _strongest(best: _Best, most: int) -> _Best:
    if len(best) <= most:
        return best
    return dict(sorted(best.items(), key=lambda entry: (-entry[1][0], entry[0]))[:most])


def _described(small: np.ndarray, rows: Stretch, columns: Stretch, cells: int) -> np.ndarray:
    return looks.described(small, [rows], [columns], cells).reshape(len(small), -1)


def _alike(
    view: np.ndarray, coarse: np.ndarray, closer: np.ndarray, fine: np.ndarray
) -> Iterator[tuple[int, int, int]]:
    """(i, j, score) of those of a block's views that are like a whole image at few cells, and at more of them."""
    for other in range(0, len(coarse), _BLOCK):
        i, j = np.nonzero(view @ coarse[other : other + _BLOCK].T >= _CANDIDATE)
        j += other
        for some in range(0, len(i), _BLOCK):
            a, b = i[some : some + _BLOCK], j[some : some + _BLOCK]
            scores = (closer[a] * fine[b]).sum(axis=1)
            for k in np.nonzero(scores >= _LIKELY)[0]:
                yield int(a[k]), int(b[k]), int(scores[k])


def _turned(small: np.ndarray, mirrored: bool) -> np.ndarray:
    return small[..., ::-1] if mirrored else small


def _scores(one: np.ndarray, other: np.ndarray, rows: list[Stretch], columns: list[Stretch]) -> np.ndarray:
    """float32 (R, C): how much each part of look `one` is like the whole of look `other`."""
    whole = looks.described(other, [WHOLE], [WHOLE], _FINE).reshape(-1)
    scores: np.ndarray = looks.described(one, rows, columns, _FINE) @ whole
    return scores


def _fitted(one: np.ndarray, other: np.ndarray, rows: Stretch, columns: Stretch) -> int:
    """The likeness when the cut is moved to where it is greatest, rows and columns in turn."""
    for step in _STEPS:
        near = _near(rows, step)
        rows = near[int(_scores(one, other, near, [columns])[:, 0].argmax())]
        near = _near(columns, step)
        scores = _scores(one, other, [rows], near)[0]
        columns = near[int(scores.argmax())]
    return int(scores.max())


def _near(stretch: Stretch, step: int) -> list[Stretch]:
    starts, stops = ([end + step * n for n in range(-2, 3)] for end in stretch)
    return [(a, b) for a, b in product(starts, stops) if a >= 0 and b <= SIDE and b - a >= SIDE * 0.7]


def _refuse_too_many(found: int, allowed: int, images: int) -> None:
    if found > allowed * images + _FREE:
        raise TooManyAlikeError(
            f"data.near_duplicates: more than {found:,} pairs of {images:,} images look alike, so that nothing follows"
            " from it; allowed here: ignore (the check is for photographs, not for drawings or scans of one kind)"
        )
