"""TIFF files in which no picture, or more than one, is the one that is meant: refused, not guessed.

Such a file may hold pages, previews beside a camera's raw data, or measurements that are no colours. This file is
copied into served models, as `images.py` is.
"""

from collections.abc import Iterator
from typing import Any

from pipeline.process.errors import DataError

_KIND, _SMALLER = 254, 1  # NewSubfileType, and its bit for a smaller version of another picture: TIFF 6.0, section 8
_DNG = 50706  # DNGVersion; Adobe's Digital Negative
_MOST_PAGES = 64  # looked at: previews of one picture are fewer
_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "I;16", "I;16B")


def refuse(image: Any, encoded: bytes) -> None:
    """Raise DataError, with the reason only, if `image`, opened by Pillow from `encoded`, is no picture to learn from.

    A camera's raw file, of which Pillow would give the preview; several pages (smaller versions are none); samples
    that are not whole numbers of 8 or 16 bits; a colour space without a conversion.
    """
    if encoded[8:10] == b"CR" or _DNG in image.tag_v2 or _smaller(image):
        raise DataError("a camera's raw file; develop it first, as in `darktable-cli FILE image.png`")
    if not all(_pages(image)):
        raise DataError("a TIFF file of several pages; save the one that is meant, as in `magick 'FILE[0]' image.png`")
    image.seek(0)
    if image.mode in ("F", "I"):
        raise DataError(
            "a TIFF file whose samples are not whole numbers of 8 or 16 bits, so what is black and what is white is not"
            " said; scale them, as in `magick FILE -normalize -depth 16 image.png`"
        )
    if image.mode not in _MODES:
        raise DataError(f"a TIFF file in colours of the kind {image.mode}; convert it: `magick FILE image.png`")


def _pages(image: Any) -> Iterator[bool]:
    """Of each picture after the first, whether it is a smaller version of another."""
    for number in range(1, _MOST_PAGES):
        try:
            image.seek(number)
        except EOFError:
            return
        yield _smaller(image)
    yield False


def _smaller(image: Any) -> bool:
    return bool(int(image.tag_v2.get(_KIND, 0)) & _SMALLER)
