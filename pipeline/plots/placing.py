"""Where names stand in a picture: beside each other, not over each other, and not out of it."""

from itertools import combinations

import numpy as np

_ROUNDS = 200
_CLOSE = 1e-6  # of a box: what is nearer than that touches, and does not overlap


def apart(middles: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """The `middles` of boxes, float64 (N, 2), moved up and down as far as they must be for none to overlap.

    `sizes`: float64 (N, 2), width and height in the same unit. Two that overlap move by half each, round by round.
    """
    moved = np.array(middles, dtype=float)
    for _ in range(_ROUNDS):
        overlapping = False
        for low, high in combinations(np.argsort(moved[:, 1], kind="stable"), 2):
            across, needed = (sizes[low] + sizes[high]) / 2
            missing = needed - (moved[high, 1] - moved[low, 1])
            if abs(moved[high, 0] - moved[low, 0]) < across and missing > _CLOSE * needed:
                moved[low, 1] -= missing / 2
                moved[high, 1] += missing / 2
                overlapping = True
        if not overlapping:
            break
    return moved
