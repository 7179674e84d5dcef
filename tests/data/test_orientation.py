"""The orientation is the one Pillow reads, wherever it is kept; and whatever else is there is no error."""

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from pipeline.data import images, orientation

PIXELS = np.arange(3 * 5 * 3, dtype=np.uint8).reshape(3, 5, 3)
PICTURE = Image.fromarray(PIXELS)
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
WHOLE_NUMBERS = {3: "H", 4: "I", 6: "b", 8: "h", 9: "i"}


def tiff(entries: list[tuple[int, int, int, bytes]], order: str = "<") -> bytes:
    """One directory; values that are longer than four bytes follow it."""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    beyond, at = b"", 8 + 2 + 12 * len(entries) + 4
    body = struct.pack(f"{order}H", len(entries))
    for tag, kind, count, value in entries:
        if len(value) > 4:
            beyond, value = beyond + value, struct.pack(f"{order}I", at + len(beyond))
        body += struct.pack(f"{order}HHI", tag, kind, count) + value.ljust(4, b"\0")
    return head + body + bytes(4) + beyond


def held(value: int, kind: int = 3, count: int = 1, order: str = "<") -> tuple[int, int, int, bytes]:
    return 0x112, kind, count, struct.pack(f"{order}{count}{WHOLE_NUMBERS[kind]}", *[value] * count)


def shown(exif: bytes, xmp: bytes = b"") -> np.ndarray:
    return np.asarray(orientation.upright(PICTURE, exif, xmp))


def by_pillow(exif: bytes) -> np.ndarray:
    picture = PICTURE.copy()
    picture.info["exif"] = exif
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(ImageOps.exif_transpose(picture))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", WHOLE_NUMBERS)
@pytest.mark.parametrize("count", [1, 2, 5])
def test_every_orientation_is_the_one_pillow_reads(kind, count, order):
    for value in range(10):
        exif = b"Exif\0\0" + tiff([held(value, kind, count, order)], order)
        np.testing.assert_array_equal(shown(exif), by_pillow(exif), err_msg=str(value))


@settings(max_examples=100)
@given(
    st.integers(1, 8),
    st.sampled_from(["<", ">"]),
    st.lists(
        st.tuples(
            st.integers(0, 65535).filter(lambda tag: tag != 0x112),
            st.integers(0, 20),
            st.integers(0, 2**32 - 1),
            st.binary(max_size=30),
        ),
        max_size=5,
    ),
    st.integers(0, 5),
)
def test_no_other_entry_hides_the_orientation(value, order, others, place):
    entries = [*others[:place], held(value, order=order), *others[place:]]
    np.testing.assert_array_equal(shown(tiff(entries, order)), shown(tiff([held(value)])))


@settings(max_examples=150)
@given(
    st.binary(max_size=80),
    st.sampled_from([b"", b"Exif\0\0", b"II*\0", b"MM\0*", tiff([held(6)])[:20]]),
    st.binary(max_size=40),
)
def test_no_bytes_are_an_error(rest, head, xmp):
    assert shown(head + rest, xmp).size == PIXELS.size


def test_a_directory_that_contains_itself_ends():
    exif = tiff([(0x8769, 4, 1, struct.pack("<I", 8)), held(6)])
    np.testing.assert_array_equal(shown(exif), np.rot90(PIXELS, k=-1))


def encoded(kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    PICTURE.save(buffer, kind, **options)
    return buffer.getvalue()


def with_chunk(kind: bytes, content: bytes) -> bytes:
    """The picture as PNG, with one more chunk before its pixels."""
    png = encoded("PNG")
    added = struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return png[:33] + added + png[33:]


XMP = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
HEX = b"\nexif\n      32\n" + (b"Exif\0\0" + tiff([held(6)])).hex().encode() + b"\n"


@pytest.mark.parametrize(
    "file",
    [
        encoded("PNG", exif=b"Exif\0\0" + tiff([held(6)])),
        encoded("WEBP", lossless=True, exif=b"Exif\0\0" + tiff([held(6)])),
        encoded("WEBP", lossless=True, exif=tiff([held(6)])),
        encoded("WEBP", lossless=True, xmp=XMP),
        with_chunk(b"tEXt", b"Raw profile type exif\0" + HEX),
        with_chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(HEX)),
        with_chunk(b"iTXt", b"Raw profile type exif\0\0\0\0\0" + HEX),
        with_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP),
        with_chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0en\0x\0" + zlib.compress(XMP)),
        with_chunk(b"tEXt", b"XML:com.adobe.xmp\0" + XMP),
    ],
)
def test_it_is_found_wherever_files_keep_it(file):
    with Image.open(io.BytesIO(file)) as picture:
        np.testing.assert_array_equal(images.decode(file, channels=3), np.asarray(ImageOps.exif_transpose(picture)))
    np.testing.assert_array_equal(images.decode(file, channels=3), np.rot90(PIXELS, k=-1))


@pytest.mark.parametrize("options", [{"exif": b"Exif\0\0" + tiff([held(6)])}, {"xmp": XMP}])
def test_it_is_found_in_a_jpeg(options):
    plain, turned = encoded("JPEG"), encoded("JPEG", **options)
    np.testing.assert_array_equal(images.decode(turned, 3), np.rot90(images.decode(plain, 3), k=-1))


def test_exif_goes_before_xmp():
    np.testing.assert_array_equal(shown(tiff([held(3)]), XMP), np.rot90(PIXELS, k=2))
    np.testing.assert_array_equal(shown(tiff([(0x10E, 2, 1, b"a")]), XMP), np.rot90(PIXELS, k=-1))
