"""TIFF: pixels where one picture is meant, and the reason where none or more than one is."""

import io
import struct

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import AppendingTiffWriter

from pipeline.data import images
from pipeline.data import tiff as tiff_files
from pipeline.process.errors import DataError

PIXELS = np.random.default_rng(1).integers(0, 256, (6, 8, 3), dtype=np.uint8)
PICTURE = Image.fromarray(PIXELS)
KIND, ORIENTATION, DNG = 254, 274, 50706


def tiff(image: Image.Image = PICTURE, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "TIFF", **options)
    return buffer.getvalue()


def pages(*rest: Image.Image, kinds: int = 0) -> bytes:
    """PICTURE and others, of which each says to be of `kinds`."""
    buffer = io.BytesIO()
    with AppendingTiffWriter(buffer, True) as writer:
        for number, image in enumerate((PICTURE, *rest)):
            image.save(writer, "TIFF", tiffinfo={KIND: kinds if number else 0})
            writer.newFrame()
    return buffer.getvalue()


def refused(encoded: bytes) -> str:
    with pytest.raises(DataError) as raised:
        images.decode(encoded, channels=3)
    return str(raised.value)


def sixteen_bits(samples: np.ndarray, head: bytes = b"") -> bytes:
    """uint16 (H, W, 3) as the simplest file that holds it; Pillow writes none. `head`: between header and directory."""
    height, width, _ = samples.shape
    return simplest(samples.astype("<u2").tobytes(), (width, height), (16, 16, 16), 2, head)


def simplest(data: bytes, size: tuple[int, int], bits: tuple[int, ...], meaning: int, head: bytes = b"") -> bytes:
    """A file of uncompressed `data`; `bits` of each sample of a pixel, `meaning`: its PhotometricInterpretation."""
    start, names = 8 + len(head), (256, 257, 258, 259, 262, 273, 277, 278, 279)
    end, samples = start + 2 + 12 * len(names) + 4, len(bits)
    depths = bits[0] if samples == 1 else end
    values = (*size, depths, 1, meaning, end + 2 * samples, samples, size[1], len(data))
    kinds = ((3, samples) if name == 258 else (4, 1) for name in names)
    entries = [struct.pack("<HHII", name, *kind, value) for name, kind, value in zip(names, kinds, values, strict=True)]
    directory = struct.pack("<H", len(names)) + b"".join(entries) + bytes(4)
    return b"II*\0" + struct.pack("<I", start) + head + directory + struct.pack(f"<{samples}H", *bits) + data


def test_samples_of_16_bits_keep_their_high_byte():
    grey = (PIXELS[..., 0].astype(np.uint16) << 8) + 7
    np.testing.assert_array_equal(images.decode(tiff(Image.fromarray(grey)), channels=1)[..., 0], PIXELS[..., 0])
    colour = (PIXELS.astype(np.uint16) << 8) + 200
    np.testing.assert_array_equal(images.decode(sixteen_bits(colour), channels=3), PIXELS)


@pytest.mark.parametrize("mode", ["CMYK", "L", "1", "P", "RGBA", "LA", "YCbCr"])
def test_colours_are_those_that_pillow_converts_to(mode):
    image = PICTURE.convert(mode)
    np.testing.assert_array_equal(images.decode(tiff(image), channels=3), np.asarray(image.convert("RGB")))


def test_the_camera_was_held_once_only():
    turned = images.decode(tiff(tiffinfo={ORIENTATION: 6}), channels=3)
    np.testing.assert_array_equal(turned, np.rot90(PIXELS, -1))


def test_files_that_may_be_64_bits_wide_are_read():
    np.testing.assert_array_equal(images.decode(tiff(big_tiff=True), channels=3), PIXELS)


def test_pages_are_refused_and_smaller_versions_are_none():
    assert refused(pages(PICTURE.rotate(180))).startswith("a TIFF file of several pages; save the one that is meant")
    np.testing.assert_array_equal(images.decode(pages(PICTURE.resize((4, 3)), kinds=1), channels=3), PIXELS)
    assert "several pages" in refused(pages(*[PICTURE.resize((4, 3))] * 70, kinds=1))


RAW = {
    "Nikon's or Sony's": tiff(tiffinfo={KIND: 1}),
    "Adobe's": tiff(tiffinfo={DNG: b"\1\4\0\0"}),
    "Canon's": sixteen_bits(PIXELS, head=b"CR\2\0\0\0\0\0"),
}


@pytest.mark.parametrize("kind", RAW)
def test_the_preview_of_a_raw_file_is_not_taken_for_the_photograph(kind):
    assert refused(RAW[kind]) == "a camera's raw file; develop it first, as in `darktable-cli FILE image.png`"


@pytest.mark.parametrize("dtype", [np.float32, np.int32])
def test_samples_without_a_scale_are_refused(dtype):
    assert "not whole numbers of 8 or 16 bits" in refused(tiff(Image.fromarray(PIXELS[..., 0].astype(dtype))))


def test_samples_of_12_bits_are_refused():
    """4095 is white, and would be nearly black: two samples are three bytes."""
    assert "not whole numbers of 8 or 16 bits" in refused(simplest(b"\xff\xff\xff" * 2, (4, 1), (12,), 1))


@pytest.mark.parametrize(("bits", "kind"), [(1, "B"), (4, "B"), (8, "B"), (16, "<H")])
def test_where_0_is_white_pixels_are_no_negative_or_refused(bits, kind):
    """Of two pixels the first is 0; below 8 bits they share a byte."""
    samples = [0xFF >> bits & 0xFF] if bits < 8 else [0, (1 << bits) - 1]
    for meaning, expected in ((0, [255, 0]), (1, [0, 255])):
        file = simplest(b"".join(struct.pack(kind, sample) for sample in samples), (2, 1), (bits,), meaning)
        if (bits, meaning) == (16, 0):
            assert refused(file) == "a TIFF file of 16 bits in which 0 is white; convert it: `magick FILE image.png`"
        else:
            np.testing.assert_array_equal(images.decode(file, channels=1)[0, :, 0], expected)


def test_colours_without_a_conversion_are_refused():
    assert (
        refused(tiff(Image.new("LAB", (8, 6))))
        == "a TIFF file in colours of the kind LAB; convert it: `magick FILE image.png`"
    )


def lost(encoded: bytes, name: int) -> bytes:
    """The file with the value of one of its entries beyond its end, as in one that was cut off and repaired."""
    start = int.from_bytes(encoded[4:8], "little")
    (count,) = struct.unpack_from("<H", encoded, start)
    (at,) = [
        start + 2 + 12 * n for n in range(count) if struct.unpack_from("<H", encoded, start + 2 + 12 * n)[0] == name
    ]
    return encoded[: at + 8] + struct.pack("<I", 10**8) + encoded[at + 12 :]


@pytest.mark.parametrize("name", [270, 271, 305, 700, 33432])
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "jpeg"])
def test_a_note_beyond_the_end_of_the_file_stops_no_picture(name: int, compression: str):
    """A description comes before what Pillow needs, and the orientation after one that is lost still holds."""
    note = "a note of more than four bytes"
    notes = {name: note.encode() if name == 700 else note, ORIENTATION: 6}
    turned = tiff(tiffinfo=notes, compression=compression)
    expected = images.decode(turned, channels=3)
    assert expected.shape == (8, 6, 3)
    np.testing.assert_array_equal(images.decode(lost(turned, name), channels=3), expected)
    assert images.working_bytes(lost(turned, name)) == images.working_bytes(turned)


def test_what_pixels_follow_from_is_never_left_out():
    several = lost(pages(PICTURE), 258)
    for encoded in (lost(tiff(), 258), several, lost(tiff(PICTURE.convert("P")), 320)):
        assert tiff_files.readable(encoded) is encoded
    whole = tiff()
    assert tiff_files.readable(whole) is whole
    for cut in range(len(whole)):
        tiff_files.readable(whole[:cut])
    raw = lost(tiff(tiffinfo={270: "a note of more than four bytes", DNG: b"\1\4\0\0"}), 270)
    assert "a camera's raw file" in refused(raw)
