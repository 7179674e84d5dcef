"""A heat map laid over the image it is of."""

import matplotlib
import numpy as np
from PIL import Image

_STRONGEST = 0.65  # share of the colour where the heat is 1


def over(image: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3): `image`, of that shape, tinted by `heat`, float (h, w), 0 to 1, stretched over it."""
    height, width = image.shape[:2]
    stretched = Image.fromarray(heat.astype(np.float32)).resize((width, height), Image.Resampling.BILINEAR)
    share = _STRONGEST * np.asarray(stretched)[..., None].clip(0, 1)
    colours = 255 * matplotlib.colormaps["inferno"](np.asarray(stretched).clip(0, 1))[..., :3]
    tinted: np.ndarray = np.round(image * (1 - share) + colours * share).astype(np.uint8)
    return tinted
