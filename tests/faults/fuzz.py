"""`python -m tests.faults.fuzz`: a hundred thousand damaged images and parameter files, each within bounds.

Every input is pixels or parameters, or is refused by the project's own error; it takes no longer than SECONDS and the
process no more than MEGABYTES. The inputs follow from a seed, so one that fails can be made again.
"""

import argparse
import io
import random
import resource
import signal
import struct
import time
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pipeline.data import images
from pipeline.params import config
from pipeline.process.errors import ConfigError, DataError
from tests.faults import report

IMAGES, PARAMETER_FILES = 90_000, 10_000
SECONDS = 30  # an input may take; the largest image allowed is decoded in a second or two
MEGABYTES = 4096
_HUGE_ONE_IN = 400  # each of these costs as much as some hundred others
_WORDS = "!!float !!timestamp !!binary !!set !!python/name:os.system &a *a << ? - | > % @ ` null .inf 1e999 0o7 {} []"
_ESCAPES = ['"\\ud800"', '"\\0"', "\u2028", "\x85", "\ufeff", "9" * 5000, "[" * 200, "{a: " * 200]
WORDS = [*_WORDS.split(), *_ESCAPES]


@dataclass
class Tally:
    """How many inputs there were, how many of them were refused, and the seconds of the slowest."""

    inputs: int = 0
    refused: int = 0
    slowest: float = 0.0


class TooSlow(BaseException):
    """An input took longer than SECONDS."""


def run(inputs: Iterable[bytes], use: Callable[[bytes], Any], error: type[Exception]) -> Tally:
    """Give `use` every input; `error` is a refusal. Anything else is raised, with the input's number and bytes."""
    tally = Tally()
    before = signal.signal(signal.SIGALRM, _too_slow)
    try:
        for content in inputs:
            began = time.perf_counter()
            signal.setitimer(signal.ITIMER_REAL, SECONDS)
            try:
                use(content)
            except error:
                tally.refused += 1
            except BaseException as other:
                other.add_note(f"input {tally.inputs}, {len(content)} bytes: {content[:2000]!r}")
                raise
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            tally.inputs += 1
            tally.slowest = max(tally.slowest, time.perf_counter() - began)
    finally:
        signal.signal(signal.SIGALRM, before)
    return tally


def _too_slow(*_: object) -> None:
    raise TooSlow(f"more than {SECONDS} s")


def decode(content: bytes) -> None:
    """As a stage does; what comes out are pixels."""
    with warnings.catch_warnings(action="ignore"):
        pixels = images.decode(content, channels=1 + 2 * (len(content) % 2))
    assert pixels.dtype == np.uint8
    assert pixels.ndim == 3
    assert pixels.size <= 3 * images.MAX_PIXELS


def load(content: bytes, path: Path) -> None:
    path.write_bytes(content)
    config.load(path)


def damaged_images(seed: int, count: int) -> Iterator[bytes]:
    """Mutations of small images of every format and kind of pixel, and now and then one that says it is huge."""
    generator = random.Random(seed)
    originals = list(_originals())
    for _ in range(count):
        if generator.randrange(_HUGE_ONE_IN) == 0:
            yield _huge(generator)
        elif generator.randrange(20) == 0:
            yield generator.choice(originals)[: generator.randrange(1, 30)] + generator.randbytes(200)
        else:
            yield _mutated(generator.choice(originals), originals, generator)


def damaged_parameters(seed: int, count: int, text: str) -> Iterator[bytes]:
    """Mutations of a parameter file: of its bytes, its lines and its words."""
    generator = random.Random(seed)
    for _ in range(count):
        lines = text.splitlines()
        for _ in range(generator.randint(1, 3)):
            lines = _edited(lines, generator)
        content = "\n".join(lines).encode(errors="replace")
        yield _mutated(content, [content], generator) if generator.randrange(3) == 0 else content


def _originals() -> Iterator[bytes]:
    noise = np.random.default_rng(1).integers(0, 256, (19, 23, 4), dtype=np.uint8)
    picture = Image.fromarray(noise)
    for kind, modes in {
        "JPEG": ("RGB", "L", "CMYK"),
        "PNG": ("RGB", "RGBA", "L", "LA", "P", "1"),
        "BMP": ("RGB", "L", "P", "1"),
        "WEBP": ("RGB", "RGBA"),
        "GIF": ("P", "L"),
        "TIFF": ("RGB", "L", "CMYK", "1"),
    }.items():
        for mode in modes:
            buffer = io.BytesIO()
            picture.convert("RGB").convert(mode).save(buffer, kind)
            yield buffer.getvalue()
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    picture.convert("RGB").save(buffer, "JPEG", exif=exif, progressive=True)
    yield buffer.getvalue()
    buffer = io.BytesIO()
    picture.save(buffer, "GIF", save_all=True, append_images=[picture.rotate(90)], transparency=0)
    yield buffer.getvalue()


def _mutated(content: bytes, others: list[bytes], generator: random.Random) -> bytes:
    data = bytearray(content)
    for _ in range(generator.randint(1, 6)):
        place = generator.randrange(len(data) or 1)
        length = generator.randint(1, 8)
        kind = generator.randrange(6)
        if kind == 0:
            data[place : place + 1] = bytes([generator.randrange(256)])
        elif kind == 1:
            data[place : place + length] = generator.choice([b"\xff", b"\0", b"\x7f"]) * length
        elif kind == 2:
            del data[place : place + generator.choice([1, length, 200])]
        elif kind == 3:
            data[place:place] = generator.randbytes(length)
        elif kind == 4:
            data[place : place + 4] = struct.pack(
                generator.choice("<>") + "I", generator.choice([1, 2**31 - 1, 2**32 - 1])
            )
        else:
            other = generator.choice(others)
            start = generator.randrange(len(other) or 1)
            data[place : place + length] = other[start : start + generator.choice([length, 400])]
    return bytes(data)


def _huge(generator: random.Random) -> bytes:
    """A small file whose header declares anything up to the largest size its format knows."""
    width, height = (generator.choice([1, 300, 9_000, 16_383, 65_535, 10**6, 2**31 - 1]) for _ in range(2))
    if generator.randrange(2):
        header = b"IHDR" + struct.pack(">IIBBBBB", width, height, *generator.choice([(8, 2), (16, 6), (1, 0)]), 0, 0, 0)
        body = zlib.compress(bytes(5000))
        chunks = (header, b"IDAT" + body, b"IEND")
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks
        )
    if generator.randrange(2):
        return b"GIF89a" + struct.pack("<HH", width % 65536, height % 65536) + generator.randbytes(300)
    return b"BM" + struct.pack("<IIIIiiHHIIiiII", 500, 0, 54, 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0) + bytes(300)


def _edited(lines: list[str], generator: random.Random) -> list[str]:
    place, other = (generator.randrange(len(lines)) for _ in range(2))
    line = lines[place]
    changed = {
        0: list,
        1: lambda: [line, line],
        2: lambda: [line.partition(":")[0] + ": " + generator.choice(WORDS)],
        3: lambda: [generator.choice(WORDS) + line],
        4: lambda: [line.partition(":")[0] + ":" + lines[other].partition(":")[2]],
        5: lambda: [" " * generator.randrange(9) + line.strip()],
    }[generator.randrange(6)]()
    return [*lines[:place], *changed, *lines[place + 1 :]] or [""]


def plain(path: Path) -> str:
    """A parameter file without its comments: most of its length and none of its meaning."""
    return "\n".join(line.partition("  #")[0].rstrip() for line in path.read_text().splitlines() if line[:1] != "#")


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def row(where: str, refusal: str, tally: Tally, **figures: float) -> dict[str, Any]:
    counts = {"inputs": tally.inputs, "refused": tally.refused, "slowest_s": tally.slowest, **figures}
    return {"fault": "damaged at random", "where": where, "result": refusal, "figures": counts}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    seed = parser.parse_args().seed
    resource.setrlimit(resource.RLIMIT_AS, (4 * MEGABYTES << 20, 4 * MEGABYTES << 20))
    began = time.perf_counter()
    pictures = run(damaged_images(seed, IMAGES), decode, DataError)
    path = Path("/dev/shm" if Path("/dev/shm").is_dir() else ".") / f"herbarium-fuzz-{time.time_ns()}.yaml"
    try:
        text = plain(Path("params.yaml"))
        files = run(damaged_parameters(seed, PARAMETER_FILES, text), lambda content: load(content, path), ConfigError)
    finally:
        path.unlink(missing_ok=True)
    assert peak_megabytes() < MEGABYTES, f"{peak_megabytes():.0f} MB"
    result = "pixels, or refused with the reason"
    rows = [
        row("image files", result, pictures, peak_MB=peak_megabytes()),
        row("params.yaml", "parameters, or refused by key or line", files),
    ]
    report.update("fuzz", rows)
    print(*rows, f"{time.perf_counter() - began:.0f} s", sep="\n")


if __name__ == "__main__":
    main()
