"""Every kind of file people have, as pixels; and every kind of broken one, as an error."""

import contextlib
import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageFile

from pipeline.data import images
from pipeline.process.errors import DataError, MachineError

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def photograph() -> Image.Image:
    """5 × 7 pixels, no two alike."""
    return Image.fromarray(np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3))


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        *[("PNG", {}), ("BMP", {}), ("WEBP", {"lossless": True}), ("PNG", {"optimize": True}), ("TIFF", {})],
        *[("TIFF", {"compression": name}) for name in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "zstd")],
    ],
)
def test_lossless_formats_give_the_pixels_they_were_made_of(kind, options):
    pixels = images.decode(encoded(photograph(), kind, **options), channels=3)
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, np.asarray(photograph()))


@pytest.mark.parametrize(("kind", "options"), [("JPEG", {"quality": 95}), ("WEBP", {"quality": 95}), ("GIF", {})])
def test_lossy_formats_give_nearly_the_colour_they_were_made_of(kind, options):
    pixels = images.decode(encoded(Image.new("RGB", (8, 6), (200, 40, 90)), kind, **options), channels=3)
    assert pixels.shape == (6, 8, 3)
    assert np.abs(pixels.astype(int) - (200, 40, 90)).max() <= 6


def test_grey_becomes_three_equal_channels_and_colour_becomes_luma():
    grey = images.decode(encoded(Image.new("L", (3, 2), 77)), channels=3)
    np.testing.assert_array_equal(grey, np.full((2, 3, 3), 77))
    luma = images.decode(encoded(Image.new("RGB", (3, 2), GREEN)), channels=1)
    np.testing.assert_array_equal(luma, np.full((2, 3, 1), 150))  # 0.587 × 255, ITU-R 601-2


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.new("RGBA", (2, 2), (255, 0, 0, 0)), WHITE),
        (Image.new("RGBA", (2, 2), (255, 0, 0, 255)), RED),
        (Image.new("RGBA", (2, 2), (0, 0, 0, 51)), (204, 204, 204)),
        (Image.new("LA", (2, 2), (0, 0)), WHITE),
        (Image.new("LA", (2, 2), (90, 255)), (90, 90, 90)),
        (Image.new("RGB", (2, 2), BLUE).convert("P"), BLUE),
        (Image.new("1", (2, 2), 1), WHITE),
    ],
)
def test_transparency_lies_on_white_and_palettes_become_colours(image, expected):
    assert (images.decode(encoded(image), channels=3) == expected).all()


@pytest.mark.parametrize("mode", ["RGB", "P", "L"])
def test_a_colour_declared_transparent_is_white(mode):
    image = Image.new(mode, (2, 2), 0)
    transparent = (0, 0, 0) if mode == "RGB" else 0
    assert (images.decode(encoded(image, transparency=transparent), channels=3) == WHITE).all()


def png(depth: int, colour: int, row: bytes, key: bytes) -> bytes:
    """A PNG of two pixels, one `row`, whose transparent colour is `key`; Pillow writes most of these depths not."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", 2, 1, depth, colour, 0, 0, 0)
    chunks = {b"IHDR": head, b"tRNS": key, b"IDAT": zlib.compress(b"\0" + row), b"IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*item) for item in chunks.items())


@pytest.mark.parametrize(
    ("depth", "row", "key", "other"),
    [
        (1, b"\x40", 1, 0),
        (2, b"\x90", 1, 170),
        (4, b"\x63", 3, 102),
        (8, b"\x66\x07", 7, 102),
        (16, b"\x66\x00\x03\xe8", 1000, 102),
        (16, b"\x66\x00\x00\x00", 0, 102),
    ],
)
def test_a_grey_declared_transparent_is_white_in_every_depth(depth, row, key, other):
    pixels = images.decode(png(depth, 0, row, struct.pack(">H", key)), channels=1)
    np.testing.assert_array_equal(pixels[0, :, 0], [other, 255])


def test_a_colour_of_16_bits_declared_transparent_is_white():
    row = struct.pack(">6H", 0x6600, 0, 0, 1000, 2000, 3000)
    pixels = images.decode(png(16, 2, row, struct.pack(">3H", 1000, 2000, 3000)), channels=3)
    np.testing.assert_array_equal(pixels[0], [(0x66, 0, 0), WHITE])


def test_cmyk_becomes_rgb():
    yellow = encoded(Image.new("CMYK", (8, 8), (0, 0, 255, 0)), "JPEG", quality=95)
    assert np.abs(images.decode(yellow, channels=3).astype(int) - (255, 255, 0)).max() <= 6


def test_sixteen_bits_keep_their_high_byte():
    samples = np.array([[0, 255, 256, 32768, 65535]], dtype=np.uint16)
    pixels = images.decode(encoded(Image.fromarray(samples)), channels=1)
    np.testing.assert_array_equal(pixels[0, :, 0], [0, 0, 1, 128, 255])


def test_the_camera_s_orientation_is_applied():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it rotated by 90° clockwise
    turned = images.decode(encoded(photograph(), "PNG", exif=exif), channels=3)
    np.testing.assert_array_equal(turned, np.rot90(np.asarray(photograph()), k=-1))


def test_an_animation_gives_its_first_frame():
    frames = [Image.new("RGB", (4, 4), colour) for colour in (RED, BLUE)]
    moving = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert (images.decode(moving, channels=3) == RED).all()


def test_an_empty_file_and_a_text_are_refused():
    with pytest.raises(DataError, match="empty"):
        images.decode(b"", channels=3)
    with pytest.raises(DataError, match=r"not an image; allowed: JPEG, PNG, BMP, WEBP, GIF, TIFF"):
        images.decode(b"dear diary", channels=3)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC: convert it, as in `magick FILE image.png`"),
        (b"\0\0\0\x1cftypavif\0\0\0\0", "AVIF: convert it, as in `magick FILE image.png`"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "a camera's raw file: develop it first"),
        (b"\0\0\0\x20ftypisom", "a film"),
        (b"\n<!DOCTYPE html><html><title>404", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "a pointer of Git LFS"),
    ],
)
def test_what_is_taken_for_an_image_is_named(content, found):
    with pytest.raises(DataError, match=rf"not an image of these formats but {found}.*; allowed: JPEG"):
        images.decode(content, channels=3)


DAMAGED, NO_ROOM = (DataError, "damaged image"), (MachineError, "not enough memory")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (AttributeError("x"), DAMAGED),
        (AssertionError(), DAMAGED),
        (RecursionError("deep"), DAMAGED),
        (struct.error("x"), DAMAGED),
        (MemoryError(), NO_ROOM),
    ],
)
def test_errors_of_every_class_but_of_memory_say_that_the_image_is_damaged(monkeypatch, error, told):
    def fail(self):
        raise error

    file, (kind, message) = encoded(photograph(), "BMP"), told
    monkeypatch.setattr(ImageFile.ImageFile, "load", fail)
    with pytest.raises(kind, match=message):
        images.decode(file, channels=3)


@pytest.mark.parametrize("kind", images.FORMATS)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_truncated_file_is_refused(kind, share):
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    whole = encoded(noise, kind)
    with pytest.raises(DataError, match=r"damaged|not an image"):
        images.decode(whole[: int(len(whole) * share)], channels=3)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [9_500, 60_000])
def test_a_decompression_bomb_is_refused_unopened(side):
    small = encoded(Image.new("L", (1, 1)))
    header = b"IHDR" + struct.pack(">II", side, side) + small[24:29]
    bomb = small[:12] + header + struct.pack(">I", zlib.crc32(header)) + small[33:]
    with pytest.raises(DataError, match="89,478,485 pixels"):
        images.decode(bomb, channels=3)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@settings(max_examples=200)
@given(
    st.sampled_from(images.FORMATS), st.integers(0, 10_000), st.binary(min_size=1, max_size=8), st.sampled_from([1, 3])
)
def test_damaged_bytes_are_pixels_or_a_data_error(kind, where, damage, channels):
    whole = bytearray(encoded(photograph(), kind))
    start = where % len(whole)
    whole[start : start + len(damage)] = damage
    with contextlib.suppress(DataError):
        pixels = images.decode(bytes(whole), channels)
        assert pixels.dtype == np.uint8
        assert pixels.ndim == 3
        assert pixels.shape[2] == channels


@given(arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3]))))
def test_pixels_survive_encoding_and_conversion(pixels):
    channels = pixels.shape[2]
    png = encoded(Image.fromarray(pixels[..., 0] if channels == 1 else pixels))
    np.testing.assert_array_equal(images.decode(png, channels), pixels)
    np.testing.assert_array_equal(images.convert(pixels, channels), pixels)


def test_stored_pixels_without_a_channel_axis_get_one():
    np.testing.assert_array_equal(images.convert(np.full((2, 3), 9, np.uint8), 3), np.full((2, 3, 3), 9))
    with pytest.raises(DataError, match=r"found float32 \(2, 3\)"):
        images.convert(np.zeros((2, 3), np.float32), 3)
    with pytest.raises(DataError, match=r"found uint8 \(2, 3, 4\)"):
        images.convert(np.zeros((2, 3, 4), np.uint8), 3)


@given(st.integers(0, 255), st.integers(1, 20), st.integers(1, 20), st.sampled_from([1, 3]))
def test_resizing_a_plain_image_changes_its_size_only(value, height, width, channels):
    resized = images.resize(np.full((7, 5, channels), value, np.uint8), height, width)
    assert resized.shape == (height, width, channels)
    assert (resized == value).all()


def test_resizing_is_antialiased_and_keeps_what_has_the_size_already():
    board = np.indices((64, 64)).sum(axis=0).astype(np.uint8) % 2 * 255
    small = images.resize(board[..., np.newaxis], 8, 8)
    assert np.abs(small.astype(int) - 127).max() <= 2  # every pixel the mean of many; without antialiasing 0 or 255
    photo = np.asarray(photograph())
    np.testing.assert_array_equal(images.resize(photo, 5, 7), photo)


def test_working_memory_follows_from_the_size_and_is_refused_like_the_image():
    assert images.working_bytes(encoded(photograph(), "JPEG")) == 5 * 7 * 12
    assert images.working_bytes(encoded(photograph(), "WEBP")) == 5 * 7 * 20
    for bytes_ in (b"", b"dear diary", encoded(photograph())[:20]):
        with pytest.raises(DataError):
            images.working_bytes(bytes_)


@pytest.mark.parametrize("channels", [1, 3])
def test_strips_make_the_whole_image(monkeypatch, channels):
    whole = images.decode(encoded(photograph()), channels)
    for pixels in (1, 14, 20, 36):
        monkeypatch.setattr(images, "_STRIP_PIXELS", pixels)
        np.testing.assert_array_equal(images.decode(encoded(photograph()), channels), whole)


def test_the_pixel_digest_sees_pictures_not_files():
    png, bmp = (images.decode(encoded(photograph(), kind), 3) for kind in ("PNG", "BMP"))
    assert images.pixel_digest(png) == images.pixel_digest(bmp)
    assert images.pixel_digest(png) != images.pixel_digest(png[::-1].copy())
    assert images.pixel_digest(np.zeros((2, 3, 1), np.uint8)) != images.pixel_digest(np.zeros((3, 2, 1), np.uint8))
