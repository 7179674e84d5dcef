"""What of an image file is its pixels, and what only speaks about them: EXIF, XMP, ICC profiles, texts, thumbnails.

Decoders read all of it and stop at the first oddity, although no pixel depends on it. So the rest is taken out before
a file is decoded, and of the rest only what can say how the camera was held is handed on. This file is copied into
served models, as `images.py` is.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pipeline.data import tiff

_PNG = b"\x89PNG\r\n\x1a\n"
_XMP_IN_PNG = b"XML:com.adobe.xmp"
_EXIF_IN_PNG = b"Raw profile type exif"
_MOST_TEXT = 1 << 24  # bytes of a PNG's compressed text: an orientation is within the first few
_MOST_EXIF = 1 << 24  # bytes of a JPEG's, likewise


@dataclass(frozen=True)
class Parted:
    """`pixels`: a file of the same format without metadata; `exif` and `xmp`: as found in it, unchecked, or empty."""

    pixels: bytes
    exif: bytes = b""
    xmp: bytes = b""


def parted(encoded: bytes) -> Parted:
    """The parts of a JPEG, PNG, WebP or GIF file; all of anything else is pixels. Nothing is decoded or raised."""
    if encoded.startswith(b"\xff\xd8\xff"):
        return _jpeg(encoded)
    if encoded.startswith(_PNG):
        return _png(encoded)
    if encoded.startswith(b"RIFF") and encoded[8:12] == b"WEBP":
        return _webp(encoded)
    if encoded.startswith((b"GIF87a", b"GIF89a")):
        return Parted(_gif(encoded))
    return Parted(tiff.readable(encoded))


_SCAN, _COMMENT = 0xDA, 0xFE
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xDA)}


def _jpeg(encoded: bytes) -> Parted:
    """Up to the first scan, where all metadata is; from there on the file is taken as it is."""
    kept, exif, xmp, at = [encoded[:2]], bytearray(), b"", 2
    while at + 4 <= len(encoded) and encoded[at : at + 2] != bytes((0xFF, _SCAN)):
        marker = encoded[at + 1]
        if encoded[at] != 0xFF or marker in (0x00, 0xFF):
            at += 1  # filling and rubbish between segments, which decoders skip
            continue
        length = 0 if marker in _WITHOUT_LENGTH else max(2, int.from_bytes(encoded[at + 2 : at + 4], "big"))
        segment, at = encoded[at : at + 2 + length], at + 2 + length
        content = segment[4:]
        if _decides_pixels(marker, content):
            kept.append(segment)
        elif content.startswith(b"Exif\0\0"):
            # Longer than one segment can be, it goes on in the next; an orientation is within the first.
            exif += content[6:] if len(exif) < _MOST_EXIF else b""
        elif content.startswith(b"http://ns.adobe.com/xap/1.0/\0"):
            xmp = content.partition(b"\0")[2]
    return Parted(b"".join([*kept, encoded[at:]]), bytes(exif), xmp)


def _decides_pixels(marker: int, content: bytes) -> bool:
    """Application segments and comments do not, but for two that libjpeg takes the colour space from."""
    if marker == 0xE0:
        return content.startswith(b"JFIF\0") and len(content) >= 14
    if marker == 0xEE:
        return content.startswith(b"Adobe") and len(content) >= 12
    return marker != _COMMENT and not 0xE0 <= marker <= 0xEF


def _png(encoded: bytes) -> Parted:
    kept, found, at = [_PNG], Parted(b""), len(_PNG)
    while at + 8 <= len(encoded) and encoded[at + 4 : at + 8].isalpha():
        kind = encoded[at + 4 : at + 8]
        end = at + 12 + int.from_bytes(encoded[at : at + 4], "big")
        if kind[:1].isupper() or kind == b"tRNS":  # a capital says that no picture can be drawn without it
            kept.append(encoded[at:end])
        else:
            found = _noted(found, kind, encoded[at + 8 : end - 4])
        at = end
    return replace(found, pixels=b"".join([*kept, encoded[at:]]))


def _noted(found: Parted, kind: bytes, content: bytes) -> Parted:
    if kind == b"eXIf":
        return replace(found, exif=content)
    keyword, text = _text(kind, content)
    if keyword == _XMP_IN_PNG:
        return replace(found, xmp=text)
    if keyword == _EXIF_IN_PNG and not found.exif:
        return replace(found, exif=_unhexed(text))
    return found


def _text(kind: bytes, content: bytes) -> tuple[bytes, bytes]:
    """Keyword and text of a PNG's text chunk, if it is one that matters here."""
    keyword, _, rest = content.partition(b"\0")
    if keyword not in (_XMP_IN_PNG, _EXIF_IN_PNG):
        return b"", b""
    if kind == b"iTXt":  # compressed or not, how, language, keyword in that language
        compressed, text = rest[:1] != b"\0", rest[2:].split(b"\0", 2)[-1]
    else:
        compressed, text = kind == b"zTXt", rest[kind == b"zTXt" :]
    return keyword, _inflated(text) if compressed else text


def _inflated(text: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(text, _MOST_TEXT)
    except zlib.error:
        return b""


def _unhexed(text: bytes) -> bytes:
    """ImageMagick's way of writing EXIF: an empty line, a name, a length, and then hexadecimal digits."""
    try:
        return bytes.fromhex(b"".join(text.split(b"\n")[3:]).decode("ascii"))
    except ValueError:
        return b""


_WEBP_METADATA = {b"ICCP": 0x20, b"EXIF": 0x08, b"XMP ": 0x04}  # and the bit that announces it


def _webp(encoded: bytes) -> Parted:
    size = int.from_bytes(encoded[4:8], "little")
    kept: list[bytes] = []
    notes: dict[bytes, bytes] = {}
    for kind, length, chunk in _riff(encoded[: size + 8]):
        if kind in _WEBP_METADATA:
            notes.setdefault(kind, chunk[8 : 8 + length])
            size -= 8 + length + length % 2  # what is missing at the end of a file that is cut off stays missing
        else:
            kept.append(_unannounced(chunk) if kind == b"VP8X" else chunk)
    head = b"RIFF" + max(0, size).to_bytes(4, "little") + b"WEBP"
    return Parted(b"".join([head, *kept]), notes.get(b"EXIF", b""), notes.get(b"XMP ", b""))


def _riff(encoded: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    """Each chunk's kind, declared length and bytes, with head and filling."""
    at = 12
    while at < len(encoded):
        length = int.from_bytes(encoded[at + 4 : at + 8], "little")
        end = at + 8 + length + length % 2
        yield encoded[at : at + 4], length, encoded[at:end]
        at = end


def _unannounced(chunk: bytes) -> bytes:
    return (
        chunk[:8]
        + bytes(flags & ~sum(int(flag) for flag in _WEBP_METADATA.values()) for flags in chunk[8:9])
        + chunk[9:]
    )


_EXTENSION, _GRAPHIC_CONTROL = 0x21, 0xF9


def _gif(encoded: bytes) -> bytes:
    """Up to the first picture without extensions, but for the one that says which colour is transparent."""
    flags = int.from_bytes(encoded[10:11])
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    kept = [encoded[:at]]
    while encoded[at : at + 1] == bytes([_EXTENSION]):
        end = at + 2
        while length := int.from_bytes(encoded[end : end + 1]):
            end += 1 + length
        if encoded[at + 1 : at + 2] == bytes([_GRAPHIC_CONTROL]):
            kept.append(encoded[at : end + 1])
        at = end + 1
    return b"".join([*kept, encoded[at:]])
