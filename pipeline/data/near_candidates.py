"""Which pairs of images may be copies: each in 32 views against all others whole, which is 3·10¹¹ pairs for 100,000.

Nearly all are refused by a bound of few numbers, in tiles that stay in a processor's cache; the others are compared at
8 × 8 cells, and what is alike there at 16 × 16. All numbers are exact, so that neither the size of the tiles nor the
number of threads can change what is found.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np

from pipeline.data import looks, parallel
from pipeline.data.looks import WHOLE, Stretch
from pipeline.process import notices, progress
from pipeline.process.errors import DataError

# Correlations in millionths, chosen on 1,200 photographs of flowers and 3,200 copies of them (tests/data).
_CANDIDATE, _LIKELY = 880_000, 800_000
_CUTS = (WHOLE, (0, 28), (4, 32), (2, 30))
VIEWS: tuple[tuple[bool, Stretch, Stretch], ...] = tuple(product((False, True), _CUTS, _CUTS))
"""Mirrored or not, and the rows and columns that are cut out."""
_COARSE, FINE = 8, 16
_ROWS, _COLUMNS = 512, 256  # of a tile: half a megabyte of products
_SOME = 4096
# An image, on the average: candidates that are kept at most, so that memory and time stay in proportion; what may be
# alike at any time before it says that these are no photographs; and how many may in any case.
_CANDIDATES, _AT_ONCE, _FREE = 12, 100, 500

# A pair: image `first`, in a view (of VIEWS), is alike the whole of image `second`; score in millionths.
CANDIDATE = np.dtype([(name, np.int32) for name in ("first", "second", "view", "score")])


class TooManyAlikeError(DataError):
    """So many images look alike that the pairs say nothing."""


@dataclass(frozen=True)
class _Whole:
    """All N images, uncut, described at few and at more cells; `digest`: int (N,), the same for the same pixels."""

    coarse: np.ndarray
    fine: np.ndarray
    bound: np.ndarray
    digest: np.ndarray


def candidates(small: np.ndarray, digests: Sequence[str]) -> np.ndarray:
    """CANDIDATE (M,), of each pair the view in which it is most alike; images of one digest are no pair.

    `small`: uint8 (N, SIDE, SIDE), with N `digests`. Of more than there is room for the most alike are kept, which is
    warned of. Raises TooManyAlikeError.
    """
    coarse, fine = (_described(small, WHOLE, WHOLE, cells) for cells in (_COARSE, FINE))
    whole = _Whole(coarse, fine, _bound(coarse), np.unique(list(digests), return_inverse=True)[1])
    most = _CANDIDATES * len(small) + _FREE
    best, left_out = np.empty(0, CANDIDATE), False
    with progress.images("comparing views", len(small) * len(VIEWS)) as advance:
        for view in range(len(VIEWS)):
            for found in _alike(small, whole, view, most, advance):
                best = _best(np.concatenate([best, found]))
                refuse_too_many(len(best), _AT_ONCE, len(small))
            left_out = left_out or len(best) > most
            best = _strongest(best, most)
    if left_out:
        notices.warn(
            f"data.near_duplicates: more than {most:,} pairs of {len(small):,} images look roughly alike; only so many,"
            " the most alike, were compared closely, so copies that were cut or mirrored may be missed"
        )
    return best


def refuse_too_many(found: int, allowed: int, images: int) -> None:
    """Raise TooManyAlikeError if, of so many `images`, more pairs are `found` than are `allowed` on the average."""
    if found > allowed * images + _FREE:
        raise TooManyAlikeError(
            f"data.near_duplicates: more than {found:,} pairs of {images:,} images look alike, so that nothing follows"
            " from it; allowed here: ignore (the check is for photographs, not for drawings or scans of one kind)"
        )


def _alike(
    small: np.ndarray, whole: _Whole, view: int, most: int, advance: Callable[[int], None]
) -> Iterator[np.ndarray]:
    """Those that are alike in one view, some `most` at a time."""
    found: list[np.ndarray] = []
    for block in parallel.ordered_map(partial(_of_block, small, whole, view), range(0, len(small), _ROWS)):
        found.append(block)
        if sum(map(len, found)) > most:
            yield np.concatenate(found)
            found = []
        advance(min(_ROWS, len(small)))
    yield np.concatenate(found or [np.empty(0, CANDIDATE)])


def _of_block(small: np.ndarray, whole: _Whole, view: int, start: int) -> np.ndarray:
    """Those of _ROWS images from `start` whose view is like another image."""
    mirrored, rows, columns = VIEWS[view]
    part = small[start : start + _ROWS, :, :: -1 if mirrored else 1]
    coarse, fine = (_described(part, rows, columns, cells) for cells in (_COARSE, FINE))
    digest = whole.digest[start : start + _ROWS]
    found = [np.empty(0, CANDIDATE)]
    for i, j in _possible(_bound(coarse), whole.bound):
        alike = (_products(coarse[i], whole.coarse[j]) >= _CANDIDATE) & (digest[i] != whole.digest[j])
        i, j = i[alike], j[alike]
        scores = _products(fine[i], whole.fine[j])
        some = np.empty(len(i), CANDIDATE)
        some["first"], some["second"], some["view"], some["score"] = i + start, j, view, scores
        found.append(some[scores >= _LIKELY])
        # Two images of this block can be a pair twice, others cannot.
        refuse_too_many(sum(map(len, found)) - _ROWS**2 // 2, _AT_ONCE, len(small))
    return np.concatenate(found)


def _bound(coarse: np.ndarray) -> np.ndarray:
    """float32 (N, 17) whose products are no less than those of `coarse`: means of 2 × 2 cells, length of the rest.

    By Cauchy and Schwarz's inequality for the rest. Exact: multiples of a half, and the length is rounded up.
    """
    side = _COARSE // 2
    means = coarse.reshape(-1, side, 2, side, 2).sum(axis=(2, 4)).reshape(len(coarse), side * side) / 2
    rest = np.sqrt((coarse**2).sum(axis=1, dtype=np.float64) - (means**2).sum(axis=1, dtype=np.float64))
    return np.column_stack([means, np.ceil(rest).astype(np.float32)])


def _possible(view: np.ndarray, whole: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows of the two, up to _SOME at a time, whose product says that they may be candidates."""
    products, enough = (np.empty(len(view) * _COLUMNS, kind) for kind in (np.float32, bool))
    found: list[tuple[np.ndarray, np.ndarray]] = []
    for start in range(0, len(whole), _COLUMNS):
        part = whole[start : start + _COLUMNS]
        product, reached = (room[: len(view) * len(part)] for room in (products, enough))
        np.matmul(view, part.T, out=product.reshape(len(view), len(part)))
        i, j = np.divmod(np.flatnonzero(np.greater_equal(product, _CANDIDATE, out=reached)), len(part))
        found.append((i, j + start))
        if sum(len(rows) for rows, _ in found) >= _SOME:
            yield from _parts(found)
            found = []
    yield from _parts(found)


def _parts(found: Sequence[tuple[np.ndarray, np.ndarray]]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """All that is `found`, _SOME at a time: in one tile of images of one kind are more than there is room for."""
    i, j = (np.concatenate([np.empty(0, int), *(pair[end] for pair in found)]) for end in (0, 1))
    for start in range(0, len(i), _SOME):
        yield i[start : start + _SOME], j[start : start + _SOME]


def _best(found: np.ndarray) -> np.ndarray:
    """Of each pair the one of the greatest score; of equal ones that of the first view, then of the lesser first."""
    less, greater = _pair(found)
    ordered = found[np.lexsort((found["first"], found["view"], -found["score"], greater, less))]
    less, greater = _pair(ordered)
    new = np.ones(len(ordered), bool)
    new[1:] = (less[1:] != less[:-1]) | (greater[1:] != greater[:-1])
    return ordered[new]


def _strongest(best: np.ndarray, most: int) -> np.ndarray:
    if len(best) <= most:
        return best
    less, greater = _pair(best)
    return best[np.lexsort((greater, less, -best["score"]))[:most]]


def _pair(found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.minimum(found["first"], found["second"]), np.maximum(found["first"], found["second"])


def _products(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Of each row with the other's."""
    products: np.ndarray = np.einsum("ij,ij->i", one, other)
    return products


def _described(small: np.ndarray, rows: Stretch, columns: Stretch, cells: int) -> np.ndarray:
    return looks.described(small, [rows], [columns], cells).reshape(len(small), -1)
