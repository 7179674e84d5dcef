"""A real server and real requests: image files in, class names out; no project beside it."""

import base64
import io
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline.files import paths, records
from pipeline.params.schema import Params
from pipeline.tracking import registry
from pipeline.tracking.publish import publish

from .example import CLASSES

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("finished")]
_START_SECONDS = 180


@pytest.fixture
def address(params: Params, model: Any, tmp_path: Path, dead_port: int) -> Iterator[str]:
    """`mlflow models serve` on the published champion, in a folder where `pipeline` is not to be found."""
    registry.register(params.tracking, publish(params, lambda: model).run_id, "trees")
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "pipeline").mkdir(parents=True)
    (elsewhere / "pipeline" / "__init__.py").write_text("raise ImportError('the served model needs the project')")
    environment = {
        **os.environ,
        "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/mlflow.db",
        "PYTHONPATH": str(elsewhere),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", "models:/trees@champion"]
    command += ["--env-manager", "local", "--host", "127.0.0.1", "--port", str(dead_port)]
    log = tmp_path / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=elsewhere, env=environment, stdout=output, stderr=output)
    try:
        _wait(f"http://127.0.0.1:{dead_port}/ping", process, log)
        yield f"http://127.0.0.1:{dead_port}/invocations"
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.5)
    raise AssertionError(log.read_text()[-2000:])


def ask(url: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["predictions"]


def png(pixels: np.ndarray) -> str:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def test_a_server_answers_image_files_and_arrays_of_any_size(address: str) -> None:
    images = np.array(records.read_npy(paths.images("test")))
    expected = [row["predicted"] for row in records.read_csv(paths.PREDICTIONS)]
    files = ask(address, {"dataframe_records": [{"image": png(image[..., 0])} for image in images]})
    assert [answer["class"] for answer in files] == expected
    assert set(files[0]["probabilities"]) == set(CLASSES)
    assert ask(address, {"dataframe_records": [{"image": image.tolist()} for image in images]}) == files
    assert ask(address, {"inputs": [png(image[..., 0]) for image in images]}) == files
    colour = np.random.default_rng(1).integers(0, 256, (300, 200, 3), dtype=np.uint8)
    assert len(ask(address, {"dataframe_records": [{"image": png(colour)}, {"image": colour[:9].tolist()}]})) == 2
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(address, {"dataframe_records": [{"image": base64.b64encode(b"no image").decode()}]})
    assert refused.value.code == 400
    assert "image 0: not an image; allowed: JPEG" in refused.value.read().decode()
