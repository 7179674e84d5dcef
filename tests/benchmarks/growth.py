"""Time and memory of extraction by the number of images: linear and flat. Each size runs in a process of its own."""

import json
import math
import subprocess
import sys
from pathlib import Path

SIZES = (1000, 4000, 16000)


def measure(images: int) -> dict[str, float]:
    """Seconds and peak memory in MB of extracting `images` synthetic images, measured in a new process."""
    command = [sys.executable, "-m", "tests.benchmarks.growth", str(images)]
    result: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return result


def exponents() -> tuple[list[dict[str, float]], float, float]:
    """The measurements of SIZES, and the exponents of time and peak memory as powers of the number of images."""
    measured = [measure(images) for images in SIZES]
    steps = math.log(SIZES[-1] / SIZES[0])
    first, last = measured[0], measured[-1]
    return (
        measured,
        math.log(last["seconds"] / first["seconds"]) / steps,
        math.log(last["peak_mb"] / first["peak_mb"]) / steps,
    )


def _peak_kilobytes() -> int:
    """Peak resident memory of this program alone; what getrusage says begins with the parent's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM")))


def main(images: int) -> None:
    from pipeline import reproducibility
    from tests.benchmarks import cases
    from tests.benchmarks.setting import ROOT, parameters, project

    params = parameters(
        {"images": {"height": 64, "width": 64}, "backbone": {"path": str(ROOT / parameters().backbone.path)}}
    )
    reproducibility.prepare(params.compute)
    from pipeline.model import extraction

    with project(params, {"train": images, "validation": 64, "test": 64}):
        taken = cases.seconds(lambda: extraction.extract(params))
    peak = _peak_kilobytes() / 1024
    print(json.dumps({"images": images, "seconds": taken, "peak_mb": peak}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
