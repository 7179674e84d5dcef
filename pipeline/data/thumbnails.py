"""Small copies of large images: photographs of many megapixels would fill the memory and the figure's file."""

import numpy as np

from pipeline.data import images

LONGER_SIDE = 256  # pixels


def thumbnail(image: np.ndarray) -> np.ndarray:
    """uint8 (H, W, C) in the same proportions, its longer side at most `LONGER_SIDE`; smaller ones as they are."""
    height, width = image.shape[:2]
    scale = LONGER_SIDE / max(height, width)
    return images.resize(image, max(1, round(height * scale)), max(1, round(width * scale))) if scale < 1 else image
