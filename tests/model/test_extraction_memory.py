"""Memory of an extraction does not grow with the number of images. Each size runs in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.files import paths
from tests.small_data import write_images

from .conftest import ROOT

CODE = """
import sys
from pipeline.params import config
from pipeline.identity import determinism
from pipeline.model import extraction

params = config.load()
update = {"path": sys.argv[1], "max_unfrozen_layers": 1}
params = params.model_copy(update={
    "images": params.images.model_copy(update={"height": 32, "width": 32}),
    "backbone": params.backbone.model_copy(update=update),
})
determinism.prepare(params.compute)
extraction.extract(params)
(line,) = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(int(line.split()[1]) // 1024)  # not ru_maxrss, which the parent's memory is part of
"""


def peak_megabytes(images: int) -> int:
    write_images({"train": images, "validation": 64, "test": 64}, height=32, width=32)
    command = [sys.executable, "-c", CODE, str(ROOT / "pipeline/model/fashion_cnn/backbone.weights.h5")]
    ran = subprocess.run(
        command, check=True, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    assert (paths.FEATURES / "train" / "pool2.npy").stat().st_size > images * 16 * 16 * 32 * 4
    return int(ran.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from Linux' /proc")
def test_eight_times_the_images_need_no_more_memory(project):
    few, many = peak_megabytes(1000), peak_megabytes(8000)  # activations: 33 MB and 262 MB
    print(f"peak: {few} MB for 1,000 images, {many} MB for 8,000")
    assert many < few + 60
