"""What an image looks like, small and grey: enough to find its copies, the same numbers on every machine.

Tiny pictures as descriptors are A. Torralba, R. Fergus and W. T. Freeman's (2008, 80 Million Tiny Images, IEEE TPAMI
30); compared by normalised correlation, they do not see size, compression, brightness or contrast. All numbers are
whole and their sums below 2²⁴, so that float32 holds them exactly and no order of summation can change a bit.
"""

from functools import cache

import numpy as np
from PIL import Image

SIDE = 32  # pixels of a look
WHOLE = (0, SIDE)
_LENGTH = 1000  # of a described look, so that correlations are in millionths
_LEAST_CONTRAST = 2.0  # grey levels, standard deviation: below it there is nothing to be recognised by

Stretch = tuple[int, int]


def look(image: np.ndarray) -> bytes:
    """uint8 (H, W, C), C 1 or 3, as `SIDE` × `SIDE` grey pixels, each the mean of what it covers."""
    flat = Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)
    return flat.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX).tobytes()


def stacked(looks: list[bytes]) -> np.ndarray:
    """N of them as uint8 (N, SIDE, SIDE)."""
    return np.frombuffer(b"".join(looks), np.uint8).reshape(-1, SIDE, SIDE)


@cache
def _averaging(stretch: Stretch, cells: int) -> np.ndarray:
    """float32 (cells, SIDE): how much of each pixel is in each of `cells` equal parts of `stretch`, in 1/cells."""
    start, stop = stretch
    edges = start * cells + (stop - start) * np.arange(cells + 1)
    pixels = np.arange(SIDE + 1) * cells
    inside = np.minimum(edges[1:, None], pixels[None, 1:]) - np.maximum(edges[:-1, None], pixels[None, :-1])
    shares: np.ndarray = np.maximum(inside, 0).astype(np.float32)
    return shares


def described(looks: np.ndarray, rows: list[Stretch], columns: list[Stretch], cells: int) -> np.ndarray:
    """The part of each look that its rows and columns cut out, float32 (…, R, C, cells²), of mean 0 and equal length.

    `looks`: uint8 (…, SIDE, SIDE); R stretches of rows, C of columns; `cells`: a power of two. The product of two is
    their correlation, -1 to 1, in millionths. Parts without contrast are zero, and like nothing.
    """
    down = np.concatenate([_averaging(stretch, cells) for stretch in rows])
    across = np.concatenate([_averaging(stretch, cells) for stretch in columns]).T
    parts = (down @ looks.astype(np.float32) @ across).reshape(*looks.shape[:-2], len(rows), cells, len(columns), cells)
    flat = np.moveaxis(parts, -2, -3).reshape(*looks.shape[:-2], len(rows), len(columns), cells**2).astype(np.float64)
    total = flat.sum(axis=-1, keepdims=True)
    # Whole numbers below 2⁵³, and a power of two: as exact as the rest.
    length = np.sqrt(cells**2 * (cells**2 * (flat**2).sum(axis=-1, keepdims=True) - total**2))
    areas = np.array([[(r[1] - r[0]) * (c[1] - c[0]) for c in columns] for r in rows])[..., None]
    level = areas * cells**2 * cells  # by how much one grey level makes `length` longer
    flat *= cells**2
    flat -= total
    flat *= _LENGTH
    flat /= np.maximum(length, 1)
    scaled: np.ndarray = np.rint(flat, out=flat).astype(np.float32)
    scaled[length[..., 0] < _LEAST_CONTRAST * level[..., 0]] = 0
    return scaled
