"""Many threads and large photographs take the memory they are given, not gigabytes each."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# In a process of its own: the peak is of a whole process. 16 at once: 24 megapixels × 12 bytes × 16 = 4.6 GB.
PREPARE = """
import io
import numpy as np
from PIL import Image
from pipeline.data import parallel, pixels, preparation
from pipeline.data.reading import Example
from pipeline.data.samples import Collector
from pipeline.process import limits

limits.cpus = lambda: 16
parallel._MOST_BYTES = 600 << 20
small = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
buffer = io.BytesIO()
Image.fromarray(small).resize((6000, 4000)).save(buffer, "JPEG")
def peak():
    return next(int(l.split()[1]) for l in open("/proc/self/status") if l.startswith("VmHWM")) // 1024
before = peak()
source = (Example(str(i), i % 2, buffer.getvalue()) for i in range(24))
preparation.fill(pixels.Pixels(24, 8, 8, 3), "train", source, ["a", "b"], Collector(2))
print("megabytes", peak() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system does not say how much was used")
def test_large_photographs_on_many_processors_stay_within_bounds(tmp_path):
    arguments = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}){PREPARE}"]
    printed = subprocess.run(arguments, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert int(printed.split()[-1]) < 900
