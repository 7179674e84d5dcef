"""Time and memory of extraction by the number of images: linear and flat. Each size runs in a process of its own.

Building and tracing the network takes the same time however many images there are; it is measured and taken off.
"""

import json
import math
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.cases import Row

SIZES = (1000, 4000, 16000, 40000)


def measure(images: int) -> dict[str, float]:
    """Seconds of extracting `images` synthetic images, those of a first one image, and the peak memory in MB."""
    command = [sys.executable, "-m", "tests.benchmarks.growth", str(images)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    result: dict[str, float] = json.loads(said.splitlines()[-1])  # the extraction says what it does before
    return result


def rows() -> list[Row]:
    """Time and peak memory as powers of the number of images: 1 is linear, 0 is flat."""
    measured = [measure(images) for images in SIZES]
    steps = math.log(SIZES[-1] / SIZES[0])
    first, last = measured[0], measured[-1]
    growing = [size["seconds"] - size["fixed_seconds"] for size in (first, last)]
    time, memory = math.log(growing[1] / growing[0]) / steps, math.log(last["peak_mb"] / first["peak_mb"]) / steps
    of_size = f"{SIZES[0]:,} to {SIZES[-1]:,} images"
    said = f"{first['peak_mb']:.0f} to {last['peak_mb']:.0f} MB"
    return [
        Row(
            f"extraction: time grows with the number of images ({of_size})",
            None,
            last["seconds"],
            time,
            "≈ 1",
            "is the exponent",
        ),
        Row(f"extraction: memory grows with it ({said})", None, None, memory, "≈ 0", "is the exponent"),
    ]


def _peak_kilobytes() -> int:
    """Peak resident memory of this program alone; what getrusage says begins with the parent's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM")))


def main(images: int) -> None:
    from pipeline.identity import determinism
    from tests.benchmarks import cases
    from tests.benchmarks.setting import ROOT, parameters, project

    params = parameters(
        {"images": {"height": 64, "width": 64}, "backbone": {"path": str(ROOT / parameters().backbone.path)}}
    )
    determinism.prepare(params.compute)
    from pipeline.model import extraction

    taken = {}
    for count in (1, 1, images):  # the very first also imports
        with project(params, {"train": count, "validation": 1, "test": 1}):
            taken[count] = cases.seconds(lambda: extraction.extract(params))
    peak = _peak_kilobytes() / 1024
    print(json.dumps({"images": images, "seconds": taken[images], "fixed_seconds": taken[1], "peak_mb": peak}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
