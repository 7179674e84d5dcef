"""Copies of a picture as people make them, to see whether they are found; each kind by name."""

import io
import random
from collections.abc import Callable

from PIL import Image, ImageEnhance

Picture = Image.Image
FLIP = Image.Transpose.FLIP_LEFT_RIGHT


def scaled(picture: Picture, draw: random.Random) -> Picture:
    factor = draw.uniform(0.4, 1.5)
    return picture.resize((max(16, int(picture.width * factor)), max(16, int(picture.height * factor))))


def recompressed(picture: Picture, draw: random.Random) -> Picture:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=draw.randint(20, 60))
    return Image.open(io.BytesIO(file.getvalue()))


def brightened(picture: Picture, draw: random.Random) -> Picture:
    brighter = ImageEnhance.Brightness(picture).enhance(draw.uniform(0.8, 1.2))
    return ImageEnhance.Contrast(brighter).enhance(draw.uniform(0.8, 1.2))


def mirrored(picture: Picture, draw: random.Random) -> Picture:
    return picture.transpose(FLIP)


def cropped(picture: Picture, draw: random.Random) -> Picture:
    """From four fifths to all of each side, anywhere."""
    (x, width), (y, height) = (_stretch(side, draw) for side in picture.size)
    return picture.crop((x, y, x + width, y + height))


def all_at_once(picture: Picture, draw: random.Random) -> Picture:
    return recompressed(mirrored(scaled(cropped(picture, draw), draw), draw), draw)


def _stretch(side: int, draw: random.Random) -> tuple[int, int]:
    kept = round(side * draw.uniform(0.8, 1))
    return draw.randint(0, side - kept), kept


KINDS: dict[str, Callable[[Picture, random.Random], Picture]] = {
    f.__name__: f for f in (scaled, recompressed, brightened, mirrored, cropped, all_at_once)
}
