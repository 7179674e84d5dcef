"""TIFF files in which no picture, or more than one, is the one that is meant: refused, not guessed.

Such a file may hold pages, previews beside a camera's raw data, or measurements that are no colours. This file is
copied into served models, as `images.py` is.
"""

import struct
from collections.abc import Iterator
from typing import Any

from pipeline.process.errors import DataError

_KIND, _SMALLER = 254, 1  # NewSubfileType, and its bit for a smaller version of another picture: TIFF 6.0, section 8
_DNG = 50706  # DNGVersion; Adobe's Digital Negative
_BITS, _DEPTHS = 258, {1, 2, 4, 8, 16}  # BitsPerSample, and those that Pillow scales to all of 0 to 255
_MEANING, _WHITE_IS_ZERO = 262, 0  # PhotometricInterpretation
_MOST_PAGES = 64  # looked at: previews of one picture are fewer
# Descriptions, devices, resolutions, times, transfer functions, colorimetry, inks: TIFF 6.0, sections 8 to 23. And XMP.
_NOTES = {*range(269, 273), 282, 283, 285, *range(290, 292), 297, 301, 305, 306, 315, 316, 318, 319, 333, 337, 700}
_PRIVATE = 32767  # above it: EXIF, GPS, IPTC, ICC, and what makers keep
_SIZES = {3: 2, 4: 4, 5: 8, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}  # of TIFF's types, bytes; of all others 1
_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "I;16", "I;16B")


def refuse(image: Any, encoded: bytes) -> None:
    """Raise DataError, with the reason only, if `image`, opened by Pillow from `encoded`, is no picture to learn from.

    A camera's raw file, of which Pillow would give the preview; several pages (smaller versions are none); samples
    that are not whole numbers of 1, 2, 4, 8 or 16 bits; a colour space without a conversion, negatives of 16 bits too.
    """
    if encoded[8:10] == b"CR" or _DNG in image.tag_v2 or _smaller(image):
        raise DataError("a camera's raw file; develop it first, as in `darktable-cli FILE image.png`")
    if not all(_pages(image)):
        raise DataError("a TIFF file of several pages; save the one that is meant, as in `magick 'FILE[0]' image.png`")
    image.seek(0)
    depths = set(image.tag_v2.get(_BITS, (1,)))
    if image.mode in ("F", "I") or not depths <= _DEPTHS:
        raise DataError(
            "a TIFF file whose samples are not whole numbers of 8 or 16 bits, so what is black and what is white is not"
            " said; scale them, as in `magick FILE -normalize -depth 16 image.png`"
        )
    if 16 in depths and image.tag_v2.get(_MEANING) == _WHITE_IS_ZERO:  # Pillow 13.0 would give the negative
        raise DataError("a TIFF file of 16 bits in which 0 is white; convert it: `magick FILE image.png`")
    if image.mode not in _MODES:
        raise DataError(f"a TIFF file in colours of the kind {image.mode}; convert it: `magick FILE image.png`")


def readable(encoded: bytes) -> bytes:
    """The file without notes that lie beyond its end: at the first of them Pillow stops, before what it needs.

    What is no TIFF file, or has no such notes, as it is. Only the first directory is looked at.
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(encoded[:4])
    if order is None:
        return encoded
    start = int.from_bytes(encoded[4:8], "little" if order == "<" else "big")
    (count,) = struct.unpack(f"{order}H", encoded[start : start + 2].ljust(2, b"\0"))
    end = start + 2 + 12 * count
    entries = [encoded[at : at + 12] for at in range(start + 2, end, 12)]
    kept = [entry for entry in entries if len(entry) == 12 and not _is_lost_note(entry, order, len(encoded))]
    if not kept or len(kept) == len(entries):
        return encoded
    whole = encoded + b"\0" * (len(encoded) % 2)
    directory = [struct.pack(f"{order}H", len(kept)), *kept, encoded[end : end + 4].ljust(4, b"\0")]
    return b"".join([whole[:4], struct.pack(f"{order}I", len(whole)), whole[8:], *directory])


def _is_lost_note(entry: bytes, order: str, length: int) -> bool:
    tag, kind, count, at = struct.unpack(f"{order}HHII", entry)
    size = count * _SIZES.get(kind, 1)
    return bool((tag in _NOTES or tag > _PRIVATE) and size > 4 and at + size > length)


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
