"""From the pixels of stored images to the numbers a network takes."""

from typing import Any

import keras


def scaled(scale: str, pixels: Any) -> Any:
    """[0, 255] → [0, 1] (unit) or [-1, 1] (symmetric)."""
    factor, offset = {"unit": (1 / 255, 0.0), "symmetric": (1 / 127.5, -1.0)}[scale]
    return keras.layers.Rescaling(factor, offset, name="scale")(pixels)
