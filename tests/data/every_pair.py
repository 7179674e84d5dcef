"""Near-duplicates as they are defined, one pair after the other, in whole numbers: slow, and short enough to trust."""

from collections.abc import Iterator, Sequence
from itertools import combinations, product
from typing import NamedTuple

import numpy as np

from pipeline.data.integrity import Item

Stretch = tuple[int, int]
SIDE = 32
WHOLE = (0, SIDE)
CUTS = (WHOLE, (0, 28), (4, 32), (2, 30))


class Best(NamedTuple):
    score: int
    first: int
    second: int
    mirrored: bool
    rows: Stretch
    columns: Stretch


def pairs(items: Sequence[Item]) -> list[tuple[str, str, float]]:
    """The names, sorted, and the likeness, of what near_duplicates.pairs must find; its order too."""
    small = [np.frombuffer(item.look, np.uint8).reshape(SIDE, SIDE).astype(np.int64) for item in items]
    found = []
    for best in candidates(small, [item.sha256 for item in items]):
        one, other = small[best.first], small[best.second]
        likeness = fitted(one[:, ::-1] if best.mirrored else one, other, best.rows, best.columns)
        if likeness >= 960_000:
            found.append((*sorted((items[best.first].name, items[best.second].name)), likeness / 1e6))
    return sorted(found, key=lambda pair: (-pair[2], pair[0], pair[1]))


def candidates(small: Sequence[np.ndarray], digests: Sequence[str]) -> list[Best]:
    coarse, fine = (np.stack([described(look, WHOLE, WHOLE, cells) for look in small]) for cells in (8, 16))
    best: dict[tuple[int, int], Best] = {}
    for mirrored, rows, columns in product((False, True), CUTS, CUTS):
        turned = [look[:, ::-1] if mirrored else look for look in small]
        view, closer = (np.stack([described(look, rows, columns, cells) for look in turned]) for cells in (8, 16))
        scores = closer @ fine.T
        enough = (view @ coarse.T >= 880_000) & (scores >= 800_000)
        for i, j in combinations(range(len(small)), 2):
            for first, second in ((i, j), (j, i)):
                score = int(scores[first, second])
                if digests[i] != digests[j] and enough[first, second] and score > best.get((i, j), (0,))[0]:
                    best[i, j] = Best(score, first, second, mirrored, rows, columns)
    return [best[pair] for pair in sorted(best)]


def fitted(one: np.ndarray, other: np.ndarray, rows: Stretch, columns: Stretch) -> int:
    whole = described(other, WHOLE, WHOLE, 16)
    for step in (2, 1):
        rows = max(near(rows, step), key=lambda moved: int(described(one, moved, columns, 16) @ whole))
        columns = max(near(columns, step), key=lambda moved: int(described(one, rows, moved, 16) @ whole))
    return int(described(one, rows, columns, 16) @ whole)


def near(stretch: Stretch, step: int) -> Iterator[Stretch]:
    for start, stop in product(*([end + step * n for n in range(-2, 3)] for end in stretch)):
        if start >= 0 and stop <= SIDE and stop - start >= SIDE * 0.7:
            yield start, stop


def described(look: np.ndarray, rows: Stretch, columns: Stretch, cells: int) -> np.ndarray:
    """int64 (cells²,) of an int64 look: its part's cells, of mean 0 and length 1000; 0 if it is without contrast."""
    areas = [np.array([share(stretch, cells, n) for n in range(cells)]) for stretch in (rows, columns)]
    flat = (areas[0] @ look @ areas[1].T).reshape(-1)
    centred = flat * cells**2 - flat.sum()
    length = float(np.sqrt(np.float64((centred**2).sum())))
    area = (rows[1] - rows[0]) * (columns[1] - columns[0])
    if length < 2 * area * cells**3:
        return np.zeros_like(flat)
    return np.rint(centred * 1000 / length).astype(np.int64)


def share(stretch: Stretch, cells: int, cell: int) -> list[int]:
    """How much of each pixel is in this cell of so many, in parts of 1/cells."""
    start, stop = (stretch[0] * cells + (stretch[1] - stretch[0]) * edge for edge in (cell, cell + 1))
    return [max(0, min(stop, (pixel + 1) * cells) - max(start, pixel * cells)) for pixel in range(SIDE)]
