"""Nothing beside the pixels of a whole file can stop them or change them."""

import io
import itertools
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pipeline.data import containers, images

PIXELS = np.random.default_rng(3).integers(0, 256, (9, 14, 3), dtype=np.uint8)
NOTES = st.binary(max_size=200)


def encoded(kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, kind, **options)
    return buffer.getvalue()


JPEG, PNG, WEBP = encoded("JPEG"), encoded("PNG"), encoded("WEBP", lossless=True)
EXTENDED = encoded("WEBP", lossless=True, icc_profile=b"profile", exif=b"Exif\0\0", xmp=b"<x/>")


def segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content


def chunk(kind: bytes, content: bytes, crc: int | None = None) -> bytes:
    checked = zlib.crc32(kind + content) if crc is None else crc
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checked)


def riff(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def png_chunks(png: bytes) -> list[bytes]:
    found, at = [], 8
    while at < len(png):
        end = at + 12 + int.from_bytes(png[at : at + 4], "big")
        found.append(png[at:end])
        at = end
    return found


def webp(*chunks: bytes) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def same_pixels(file: bytes, whole: bytes) -> None:
    np.testing.assert_array_equal(images.decode(file, channels=3), images.decode(whole, channels=3))


APPLICATION = st.sampled_from([*range(0xE1, 0xEE), 0xEF, 0xFE])  # E0 and EE may say what the colours mean
HEADS = st.sampled_from(
    [
        b"",
        b"Exif\0\0",
        b"ICC_PROFILE\0\1\3",
        b"MPF\0",
        b"FPXR\0",
        b"Photoshop 3.0\x008BIM",
        b"http://ns.adobe.com/xap/1.0/\0",
    ]
)


@settings(max_examples=100)
@given(st.lists(st.tuples(APPLICATION, HEADS, NOTES), max_size=4), st.binary(max_size=3).filter(lambda b: 255 not in b))
def test_no_segment_of_a_jpeg_stops_its_pixels(segments, rubbish):
    between = b"".join(segment(marker, head + rest) + rubbish for marker, head, rest in segments)
    same_pixels(JPEG[:2] + between + JPEG[2:], JPEG)


@pytest.mark.parametrize("content", [b"JFIF", b"JFIF\0\1", b"JFXX\0", b""])
@pytest.mark.parametrize("marker", [0xE0, 0xEE])
def test_a_jpeg_s_colour_space_is_taken_from_whole_segments_only(marker, content):
    same_pixels(JPEG[:2] + segment(marker, content) + JPEG[2:], JPEG)


def test_so_much_exif_is_read_as_an_orientation_may_be_in(monkeypatch):
    """A file may be nothing else; what one segment cannot hold goes on in the next."""
    monkeypatch.setattr(containers, "_MOST_EXIF", 100)
    parts = containers.parted(JPEG[:2] + 50 * segment(0xE1, b"Exif\0\0" + bytes(30)) + JPEG[2:])
    assert len(parts.exif) == 120
    assert parts.pixels == containers.parted(JPEG).pixels


@pytest.mark.parametrize("length", [0, 1])
def test_a_comment_with_an_impossible_length_is_passed_over(length):
    same_pixels(JPEG[:2] + b"\xff\xfe" + struct.pack(">H", length) + JPEG[2:], JPEG)


def test_the_colour_space_a_jpeg_names_counts():
    cmyk = io.BytesIO()
    Image.new("CMYK", (8, 8), (0, 0, 255, 0)).save(cmyk, "JPEG", quality=95)
    assert b"Adobe" in containers.parted(cmyk.getvalue()).pixels


LARGE = zlib.compress(b"x" * (4 << 20))
KINDS = st.sampled_from(
    [b"iCCP", b"zTXt", b"tEXt", b"iTXt", b"eXIf", b"pHYs", b"gAMA", b"acTL", b"fcTL", b"fdAT", b"prVt", b"xxXx"]
)
CONTENTS = st.one_of(
    NOTES,
    st.sampled_from(
        [
            b"profile\0\0" + LARGE,
            b"Comment\0\0" + LARGE,
            b"XML:com.adobe.xmp\0\1\0\0\0" + LARGE,
            b"XML:com.adobe.xmp\0\1\0\0\0no deflate",
            b"Raw profile type exif\0\nexif\n 12\nnot hexadecimal\n",
            b"Raw profile type exif\0\0" + LARGE,
            b"Comment\0\7text",
        ]
    ),
)


@settings(max_examples=100)
@given(
    st.lists(st.tuples(KINDS, CONTENTS, st.one_of(st.none(), st.just(7)), st.integers(1, 4)), max_size=4),
)
def test_no_chunk_of_a_png_stops_its_pixels(added):
    """Wherever it stands, also with a false checksum, also when it grows a thousandfold."""
    chunks = png_chunks(PNG)
    for kind, content, crc, place in added:
        chunks.insert(min(place, len(chunks) - 1), chunk(kind, content, crc))
    same_pixels(PNG[:8] + b"".join(chunks), PNG)


def test_a_png_cut_off_in_a_text_after_its_pixels_is_whole():
    *before, end = png_chunks(PNG)
    same_pixels(PNG[:8] + b"".join(before) + chunk(b"tEXt", b"Comment\0" + b"x" * 50)[:30], PNG)
    assert containers.parted(PNG[:8] + b"".join(before) + chunk(b"tEXt", b"Comment\0") + end).pixels == PNG


@settings(max_examples=100)
@given(st.lists(st.tuples(st.sampled_from([b"ICCP", b"EXIF", b"XMP "]), NOTES), max_size=4))
def test_no_chunk_of_a_webp_stops_its_pixels(added):
    notes = [riff(kind, content) for kind, content in added]
    same_pixels(webp(WEBP[12:], *notes), WEBP)
    body = EXTENDED[12:]
    same_pixels(webp(body, *notes), WEBP)
    same_pixels(webp(body[:18], *notes, body[18:]), WEBP)


def test_a_webp_cut_off_in_its_metadata_is_whole_and_in_its_pixels_is_not():
    same_pixels(EXTENDED[:-1], WEBP)
    assert containers.parted(EXTENDED).pixels.find(b"VP8L") > 0
    with pytest.raises(images.DataError):
        images.decode(WEBP[:-8], channels=3)


GIF = encoded("GIF")
BLOCKS = st.lists(st.binary(min_size=1, max_size=255), max_size=3)


@settings(max_examples=100)
@given(st.sampled_from([0xFE, 0xFF]), st.sampled_from([b"NETSCAPE2.0", b"XMP DataXMP", b"ICCRGBG1012"]), BLOCKS)
def test_no_comment_and_no_application_s_block_of_a_gif_stops_its_pixels(kind, name, blocks):
    at = GIF.index(b"\x2c", 13 + 3 * 2 ** ((GIF[10] & 7) + 1))  # where the picture begins, after the palette
    content = b"".join(bytes([len(block)]) + block for block in [name, *blocks])
    same_pixels(GIF[:at] + bytes((0x21, kind)) + content + b"\0" + GIF[at:], GIF)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_an_animation_keeps_its_first_frame(kind):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, kind, save_all=True, append_images=frames[1:], lossless=True)
    assert (images.decode(buffer.getvalue(), channels=3) == (255, 0, 0)).all()


def test_what_is_kept_of_a_file_without_metadata_is_the_file():
    for file in (PNG, WEBP, encoded("BMP"), encoded("GIF"), encoded("JPEG", progressive=True), b"dear diary", b""):
        assert containers.parted(file) == containers.Parted(file)


@settings(max_examples=100)
@given(st.sampled_from([JPEG, PNG, WEBP, EXTENDED]), st.integers(0, 10_000), NOTES)
def test_no_bytes_stop_the_parting(file, where, damage):
    damaged = bytearray(file)
    damaged[where % len(file) : where % len(file) + len(damage)] = damage
    for cut in itertools.chain(range(0, 60, 7), [len(damaged)]):
        containers.parted(bytes(damaged[:cut]))
