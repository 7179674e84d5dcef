"""How the camera was held: the one thing about a photograph's pixels that its metadata may say.

Read here, from untrusted bytes, rather than by a library that reads everything beside it and can fail on any of it.
This file is copied into served models, as `images.py` is.
"""

import re
import struct
from collections.abc import Iterator

from PIL import Image

_TAG = 0x0112  # Orientation; TIFF 6.0, section 8, and Exif 2.3
_FORMATS = {3: "H", 4: "I", 6: "b", 8: "h", 9: "i"}  # of TIFF's whole numbers; one byte is taken for text
_XMP = re.compile(rb'tiff:Orientation(?:="|>)([0-9])')
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def upright(image: Image.Image, exif: bytes, xmp: bytes) -> Image.Image:
    """`image` as it was seen; the metadata may be empty, cut off or anything else: then it is as it was stored."""
    turn = _TURNS.get(_of(exif, xmp))
    return image if turn is None else image.transpose(turn)


def _of(exif: bytes, xmp: bytes) -> int:
    """1 to 8 as in EXIF, or what is written instead; 1 if nothing is."""
    value = next(_of_exif(re.sub(rb"^(Exif\0\0){1,2}", b"", exif)), None)
    if value is None and (found := _XMP.search(xmp)):
        value = int(found[1])
    return 1 if value is None else value


def _of_exif(tiff: bytes) -> Iterator[int]:
    """The first values of the orientations in the first directory of a TIFF file, the last one first."""
    if tiff[:4] not in (b"II*\0", b"MM\0*", b"II\0*", b"MM*\0"):
        return
    order = "<" if tiff.startswith(b"II") else ">"
    start = int.from_bytes(tiff[4:8], "little" if order == "<" else "big")
    (entries,) = struct.unpack(f"{order}H", tiff[start : start + 2].ljust(2, b"\0"))
    directory = tiff[start + 2 : start + 2 + 12 * entries]
    whole = directory[: len(directory) // 12 * 12]
    for tag, kind, count, value in reversed(list(struct.iter_unpack(f"{order}HHI4s", whole))):
        size = count * struct.calcsize(_FORMATS.get(kind, ""))
        if tag != _TAG or not size:
            continue
        if size > 4:
            (offset,) = struct.unpack(f"{order}I", value)
            value = tiff[offset : offset + size]
        if len(value) >= size:
            yield struct.unpack_from(order + _FORMATS[kind], value)[0]
