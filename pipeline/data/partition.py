"""Which image goes into which split, decided by class, group and seed alone.

A unit is what must not be cut: the images of a group, identical images, or one image. Exact shares are drawn anew when
images are added; stable ones hold on average only, and no image that was there ever changes its split.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from math import fsum

import numpy as np

NONE = ""  # the split of images that are left out
_LEAST = 0.5  # stands for a share of no image where one is divided by it
_PASSES = 20


def exact(
    labels: Sequence[int], units: Sequence[str], sizes: Mapping[str, int], seed: int, stratified: bool
) -> list[str]:
    """The split of each of N images, `sizes` images each, together at most N; the rest is in `NONE`.

    `labels`: class indices, `units`: names of what must not be cut. `stratified`: of each class in proportion, to the
    image where units are single images; larger units are placed, the largest first, where the squared deviation from
    that, relative to it, grows least, and moved as long as that makes it smaller.
    """
    splits = [*sizes, NONE]
    strata = np.asarray(labels, np.int64) if stratified else np.zeros(len(labels), np.int64)
    wanted = np.array([*sizes.values(), len(labels) - sum(int(size) for size in sizes.values())])
    members = _members(units)
    counts = {unit: Counter(strata[images].tolist()) for unit, images in members.items()}
    placed = _placed(counts, targets(np.bincount(strata), wanted), seed)
    return [splits[placed[unit]] for unit in units]


def stable(units: Sequence[str], stretches: Mapping[str, Sequence[tuple[float, float]]], seed: int) -> list[str]:
    """The split of each image, by a number in [0, 1) that its unit alone decides.

    `stretches`: of each split, from and to; what is in none of them is in `NONE`.
    """
    bounds = [(start, stop, split) for split, parts in stretches.items() for start, stop in parts]
    place = {unit: int(_draw(seed, unit)[:13], 16) / 16**13 for unit in dict.fromkeys(units)}
    return [next((split for a, b, split in bounds if a <= place[unit] < b), NONE) for unit in units]


def targets(classes: np.ndarray, splits: np.ndarray) -> np.ndarray:
    """How many images of each of K classes each of S splits gets, int64 (S, K), from how many there are (K,), (S,).

    Proportions, rounded such that sums of rows and columns stay whole (controlled rounding: L. H. Cox, 1987, JASA 82):
    an image more goes where most are missing, which comes out (D. Gale, 1957, Pacific J. Math. 7; H. J. Ryser). But the
    first split, the training images, has one of each class before any other split has.
    """
    cells, fractions = np.divmod(np.outer(splits, classes), max(1, int(classes.sum())))
    missing = splits - cells.sum(axis=1)
    for k in range(len(classes)):
        extra = int(classes[k] - cells[:, k].sum())
        first = np.where(cells[:, k] == 0, [1, *[0] * (len(splits) - 1)], 0) * (splits > 0)
        order = np.lexsort((-fractions[:, k], fractions[:, k] == 0, -missing, -first))
        cells[order[:extra], k] += 1
        missing[order[:extra]] -= 1
    return cells


def _members(units: Sequence[str]) -> dict[str, list[int]]:
    members: defaultdict[str, list[int]] = defaultdict(list)
    for i, unit in enumerate(units):
        members[unit].append(i)
    return members


def _placed(counts: Mapping[str, Mapping[int, int]], wanted: np.ndarray, seed: int) -> dict[str, int]:
    """The split's index of each unit; `counts`: of each unit, images by class; `wanted` (S, K)."""
    size = {unit: sum(int(count) for count in found.values()) for unit, found in counts.items()}
    order = sorted(counts, key=lambda unit: (-size[unit], _draw(seed, unit)))
    have = [dict.fromkeys(range(wanted.shape[1]), 0) for _ in wanted]
    target = wanted.tolist()

    def growth(unit: str, split: int) -> float:
        """By how much the deviation grows if `unit` comes to `split`: Σ ((a + u − t)² − (a − t)²) / t."""
        mine, goal = have[split], target[split]
        return fsum(u * (u + 2 * (mine[k] - goal[k])) / max(goal[k], _LEAST) for k, u in counts[unit].items())

    def move(unit: str, split: int, sign: int = 1) -> None:
        for k, u in counts[unit].items():
            have[split][k] += sign * u

    def best(unit: str, present: Sequence[int] = ()) -> int:
        chosen: int = min([*present, *range(len(target))], key=lambda split: growth(unit, split))
        return chosen

    placed = {}
    for unit in order:
        placed[unit] = best(unit)
        move(unit, placed[unit])
    for _ in range(_PASSES):
        before = dict(placed)
        for unit in (unit for unit in order if size[unit] > 1):
            move(unit, placed[unit], -1)
            placed[unit] = best(unit, [placed[unit]])
            move(unit, placed[unit])
        if placed == before:
            break
    return placed


def _draw(seed: int, unit: str) -> str:
    """Hexadecimal; as good as drawn at random, and of no other unit's making."""
    return hashlib.sha256(f"{seed}/{unit}".encode(errors="surrogatepass")).hexdigest()
