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
    from scipy import linalg  # scikit-learn's PCA does the same, and takes longer to import than to compute

    rows = np.unique(np.linspace(0, len(features) - 1, min(len(features), MOST_IMAGES)).round().astype(np.int64))
    sample = np.asarray(features[rows], np.float64)
    plane, shares = np.zeros((len(rows), 2)), np.zeros(2)
    found = min(2, *sample.shape)
    if np.ptp(sample, axis=0).any():
        left, singular, loadings = linalg.svd(sample - sample.mean(axis=0), full_matrices=False)
        largest = np.abs(loadings[:found]).argmax(axis=1)
        plane[:, :found] = left[:, :found] * singular[:found] * np.sign(loadings[range(found), largest])
        shares[:found] = (singular**2 / (singular**2).sum())[:found].round(_DECIMALS)
    # Adding 0 turns -0 into 0.
    scaled = (plane / (np.abs(plane).max() or 1.0)).round(_DECIMALS) + 0.0
    return Projection(rows, scaled, (float(shares[0]), float(shares[1])))
