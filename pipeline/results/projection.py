"""Many features as two: the plane in which the images differ most."""

from dataclasses import dataclass

import numpy as np

MOST_IMAGES = 2000  # more dots hide each other, and the decomposition's time grows with their square
_DECIMALS = 4  # the last bits depend on how many threads the linear algebra has


@dataclass(frozen=True)
class Projection:
    """`rows`: which images, int64 (M,). `coordinates`: float64 (M, 2), each axis −1 to 1. `shares`: of the variance."""

    rows: np.ndarray
    coordinates: np.ndarray
    shares: tuple[float, float]


def principal_plane(features: np.ndarray) -> Projection:
    """The two principal components (Pearson 1901) of features (N, D), N >= 1, of at most `MOST_IMAGES` spread rows.

    Both axes share one scale. The sign of a component is that of its largest loading, so it is the same every time.
    """
    rows = np.unique(np.linspace(0, len(features) - 1, min(len(features), MOST_IMAGES)).round().astype(np.int64))
    centred = np.asarray(features[rows], np.float64)
    centred = centred - centred.mean(axis=0)
    left, singular, loadings = np.linalg.svd(centred, full_matrices=False)
    found = min(2, len(singular))
    signs = np.sign(loadings[np.arange(found), np.abs(loadings[:found]).argmax(axis=1)])
    plane = np.zeros((len(rows), 2))
    plane[:, :found] = left[:, :found] * singular[:found] * signs
    variances = np.append(singular**2, 0)
    total = float(variances.sum()) or 1.0
    shares = round(float(variances[0]) / total, _DECIMALS), round(float(variances[1]) / total, _DECIMALS)
    # Adding 0 turns -0 into 0.
    return Projection(rows, (plane / (np.abs(plane).max() or 1.0)).round(_DECIMALS) + 0.0, shares)
