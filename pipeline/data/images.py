"""Encoded bytes to pixels, pixels to the size the network wants: the same bytes on every CPU.

Only Pillow decodes and resizes here. Its arithmetic on 8-bit images is integer arithmetic, while decoders inside
TensorFlow differ with the instruction set, and a differing pixel would change every digest after it.
"""

import hashlib
import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image, UnidentifiedImageError

from pipeline.data import containers, orientation, tiff
from pipeline.process.errors import DataError, MachineError

FORMATS = ("JPEG", "PNG", "BMP", "WEBP", "GIF", "TIFF")
ENDINGS = {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".gif", ".tif", ".tiff"}  # of such files, in lower case
MAX_PIXELS = 89_478_485  # Pillow's own limit: a quarter of a gigabyte of RGB, larger ones are taken for an attack

# Measured: a decoder's picture, one turned or converted, and the array. WebP and transparency take more than JPEG.
_BYTES_A_PIXEL, _OF_JPEG = 20, 12

_STRIP_PIXELS = 1 << 20

# Pillow holds an image in blocks of 16 MB, which glibc, when they are freed, keeps for the thread that had them. Blocks
# of more than 32 MB go back to the system: with 16 threads and photographs of 48 megapixels, 0.9 GB instead of 3.3.
Image.core.set_block_size(64 << 20)  # type: ignore[attr-defined]

# It prints some of what it then raises.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.TiffImagePlugin")

# What people take for one of these, by its first bytes. AVIF could be read, but colours come out of it by arithmetic of
# the CPU's own; for the others Pillow has no decoder.
_CONVERT = ": convert it, as in `magick FILE image.png`"
_OTHERS = {
    rb"....ftyp(heic|heix|hevc|heim|heis|mif1|msf1)": f"HEIC{_CONVERT}",
    rb"....ftyp(avif|avis)": f"AVIF{_CONVERT}",
    rb"....ftyp(crx )": "a camera's raw file: develop it first, as in `darktable-cli FILE image.png`",
    rb"....ftyp": "a film",
    rb"II(RO|RS|U\0)|FUJIFILMCCD-RAW": "a camera's raw file: develop it first, as in `darktable-cli FILE image.png`",
    rb"\xff\x0a|....JXL ": f"JPEG XL{_CONVERT}",
    rb"....jP  ": f"JPEG 2000{_CONVERT}",
    rb"8BPS": "a Photoshop document: save it, as in `magick 'FILE[0]' image.png`",
    rb"%PDF": "PDF",
    rb"\s*<(svg|\?xml)": "SVG or XML",
    rb"\s*<(!doctype html|html)": "a web page",
    rb"version https://git-lfs": "a pointer of Git LFS: `git lfs pull` brings the file",
}


def decode(encoded: bytes, channels: int) -> np.ndarray:
    """The pixels of an encoded image: uint8 (H, W, C), values 0–255, C = `channels` (1 grey, 3 RGB).

    JPEG, PNG, BMP, WebP, GIF (its first frame) and TIFF (of one page). The camera's orientation is applied, and nothing
    else is read of what a file says beside its pixels; transparency is laid over white, palettes and CMYK become RGB,
    16-bit samples keep their high byte, grey is ITU-R 601-2 luma.
    Raises DataError, with the reason only, if the bytes are empty, of another format, damaged or above `MAX_PIXELS`.
    """
    parts = containers.parted(encoded)
    with _opened(encoded, parts.pixels) as image:
        image.load()
        _scale_key(image, parts.pixels)
        return _array(_flat(orientation.upright(image, parts.exif, parts.xmp)), channels)


def working_bytes(encoded: bytes) -> int:
    """Memory that decoding an image and resizing it take at most, by its size alone. Raises DataError as `decode`."""
    with _opened(encoded, containers.parted(encoded).pixels) as image:
        return image.width * image.height * (_OF_JPEG if image.format == "JPEG" else _BYTES_A_PIXEL)


def header(encoded: bytes) -> tuple[int, int, str]:
    """Width, height and Pillow's mode of an encoded image, which is not decoded. Raises DataError as `decode`."""
    with _opened(encoded, containers.parted(encoded).pixels) as image:
        return image.width, image.height, image.mode


@contextmanager
def _opened(encoded: bytes, pixels: bytes) -> Iterator[Image.Image]:
    """The image in `pixels`, a file without metadata; whatever is raised within is said of `encoded`, the whole one."""
    if not encoded:
        raise DataError("the file is empty")
    try:
        with Image.open(io.BytesIO(pixels), formats=FORMATS) as image:
            _refuse_bomb(image)
            if image.format == "TIFF":
                tiff.refuse(image, encoded)
            yield image
    except DataError:
        raise
    except UnidentifiedImageError:
        raise DataError(f"not an image{_instead(encoded)}; allowed: {', '.join(FORMATS)}") from None
    except Image.DecompressionBombError:
        raise DataError(_too_large("more than")) from None
    except MemoryError as error:  # the machine's fault: no image may be left out for it
        raise MachineError("not enough memory to decode an image; free some and run this again") from error
    except Exception as error:  # damaged bytes make Pillow's decoders raise errors of nearly every class
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise DataError(f"damaged image ({reason})") from error


def _instead(encoded: bytes) -> str:
    found = next((name for start, name in _OTHERS.items() if re.match(start, encoded[:64], re.I | re.S)), None)
    return f" of these formats but {found}" if found else ""


def convert(pixels: np.ndarray, channels: int) -> np.ndarray:
    """uint8 (H, W), (H, W, 1) or (H, W, 3) as uint8 (H, W, C), C = `channels`; values 0–255. Raises DataError."""
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] not in (1, 3)):
        raise DataError(f"found {pixels.dtype} {pixels.shape}; allowed: uint8 (H, W), (H, W, 1) or (H, W, 3)")
    return _array(_image(pixels), channels)


def resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """uint8 (H, W, C) to uint8 (height, width, C), values 0–255: bilinear, with antialiasing when made smaller."""
    channels = image.shape[2]
    return _array(_image(image).resize((width, height), Image.Resampling.BILINEAR), channels)


def pixel_digest(image: np.ndarray) -> str:
    """SHA-256, hexadecimal, over shape and pixels of uint8 (H, W, C): equal for equal pictures, whatever the file."""
    digest = hashlib.sha256(repr(image.shape).encode())
    digest.update(np.ascontiguousarray(image).data)
    return digest.hexdigest()


def _refuse_bomb(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise DataError(_too_large(f"{image.width} × {image.height} are more than"))


def _too_large(found: str) -> str:
    return f"{found} {MAX_PIXELS:,} pixels, the largest image allowed; make it smaller"


def _scale_key(image: Image.Image, encoded: bytes) -> None:
    """Give the colour that a PNG declares transparent the depth of Pillow's pixels.

    Pillow 13.0 compares what the file says, of 2, 4 or 16 bits, with samples of 8; no report of it was found upstream.
    """
    key, depth = image.info.get("transparency"), int.from_bytes(encoded[24:25])
    if image.format == "PNG" and image.mode == "L" and depth < 8 and isinstance(key, int):
        image.info["transparency"] = key * 255 // ((1 << depth) - 1)
    if image.format == "PNG" and image.mode == "RGB" and depth == 16 and isinstance(key, tuple):
        image.info["transparency"] = tuple(value >> 8 for value in key)


def _flat(image: Image.Image) -> Image.Image:
    """`image` without transparency and with 8 bits a sample, in mode L or RGB."""
    if image.mode.startswith("I"):
        # Pillow gives 16-bit colour as its high byte; 16-bit grey, which it leaves alone, is treated alike.
        samples = np.asarray(image).clip(0, 65535)
        grey = np.where(samples == image.info.get("transparency", -1), 255, samples >> 8)
        return Image.fromarray(grey.astype(np.uint8))
    if image.has_transparency_data:
        colour = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", colour.size, "white"), colour).convert("RGB")
    return _in_mode("L" if image.mode in ("1", "L") else "RGB", image)


def _image(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels)


def _array(image: Image.Image, channels: int) -> np.ndarray:
    """In strips: Pillow hands out an image's bytes in pieces, and a whole photograph would be in memory three times."""
    flat = _in_mode("L" if channels == 1 else "RGB", image)
    width, height = flat.size
    array = np.empty((height, width, channels), np.uint8)
    rows = max(1, _STRIP_PIXELS // max(1, width))
    for top in range(0, height, rows):
        strip = np.asarray(flat.crop((0, top, width, min(height, top + rows))))
        array[top : top + rows] = strip.reshape(-1, width, channels)
    return array


def _in_mode(mode: str, image: Image.Image) -> Image.Image:
    return image if image.mode == mode else image.convert(mode)  # which would copy it
