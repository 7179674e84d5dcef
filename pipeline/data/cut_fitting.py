"""How alike two pictures are when one is cut to what the other shows: the cut is moved to where they are most alike.

Many pairs at once: those of one cut are described together.
"""

from collections.abc import Iterator
from functools import partial
from itertools import product

import numpy as np

from pipeline.data import looks, parallel
from pipeline.data.looks import SIDE, WHOLE, Stretch
from pipeline.data.near_candidates import FINE, VIEWS

_STEPS = (2, 1)  # pixels of a look: the ends of a cut are moved by up to two steps of the first, then of the second
_SOME = 64  # pairs: what is computed of them stays in a processor's cache
_BASE = SIDE + 1  # four ends of a cut, 0 to SIDE, are the digits of one number


def fitted(small: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """int (M,): the greatest likeness of each of M candidates (near_candidates.CANDIDATE), in millionths.

    `small`: uint8 (N, SIDE, SIDE). Rows and columns in turn, in steps of two pixels and then of one.
    """
    cuts = np.array([_number(rows, columns) for _, rows, columns in VIEWS])[candidates["view"]]
    likenesses = np.zeros(len(candidates), int)
    for step, of_rows in product(_STEPS, (True, False)):
        move = partial(_moved, small, candidates, step, of_rows)
        for places, moved, likeness in parallel.ordered_map(move, _of_one_cut(cuts)):
            cuts[places], likenesses[places] = moved, likeness
    return likenesses


def _of_one_cut(cuts: np.ndarray) -> Iterator[tuple[Stretch, Stretch, np.ndarray]]:
    """Rows, columns, and where among `cuts` they are, _SOME places at a time."""
    order = np.argsort(cuts, kind="stable")
    numbers, firsts = np.unique(cuts[order], return_index=True)
    for number, first, stop in zip(numbers, firsts, [*firsts[1:], len(cuts)], strict=False):
        (rows, columns), places = _ends(int(number)), order[first:stop]
        for start in range(0, len(places), _SOME):
            yield rows, columns, places[start : start + _SOME]


def _moved(
    small: np.ndarray, candidates: np.ndarray, step: int, of_rows: bool, some: tuple[Stretch, Stretch, np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The places of `some`, the numbers of the cuts near theirs that are most alike, and how much they are."""
    rows, columns, places = some
    all_rows, all_columns = (_near(rows, step), [columns]) if of_rows else ([rows], _near(columns, step))
    there = candidates[places]
    mirrored = np.array([mirrored for mirrored, _, _ in VIEWS])[there["view"]]
    one, other = small[there["first"]], small[there["second"]]
    one[mirrored] = one[mirrored, :, ::-1]
    whole = looks.described(other, [WHOLE], [WHOLE], FINE).reshape(len(places), -1)
    parts = looks.described(one, all_rows, all_columns, FINE).reshape(len(places), -1, FINE**2)
    scores = np.einsum("nkd,nd->nk", parts, whole)
    numbers = np.array([_number(*cut) for cut in product(all_rows, all_columns)])
    return places, numbers[scores.argmax(axis=1)], scores.max(axis=1)


def _near(stretch: Stretch, step: int) -> list[Stretch]:
    starts, stops = ([end + step * n for n in range(-2, 3)] for end in stretch)
    return [(a, b) for a, b in product(starts, stops) if a >= 0 and b <= SIDE and b - a >= SIDE * 0.7]


def _number(rows: Stretch, columns: Stretch) -> int:
    number = 0
    for end in (*rows, *columns):
        number = number * _BASE + end
    return number


def _ends(number: int) -> tuple[Stretch, Stretch]:
    a, b, c, d = (number // _BASE**place % _BASE for place in (3, 2, 1, 0))
    return (a, b), (c, d)
