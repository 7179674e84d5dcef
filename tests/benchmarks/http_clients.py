"""Fifty clients at once ask `mlflow models serve` over HTTP, each for one image a request, as they would in use."""

import base64
import http.client
import io
import json
import os
import sys
import time
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pipeline.params.schema import Params
from pipeline.tracking import served_model
from tests.benchmarks.cases import Row
from tests.benchmarks.setting import project
from tests.servers import HOST, free_port, running, wait_until

CLIENTS, EACH = 50, 16


def row(params: Params, model: Any, classes: Sequence[str]) -> Row:
    """All requests' seconds; none may fail. `model`: Keras, uint8 (N, H, W, 1) → (N, K)."""
    with project(params, {"test": 1}) as folder:
        served_model._save(folder / "model", model, classes)
        port, log = free_port(), folder / "serve.log"
        command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", str(folder / "model")]
        command += ["--env-manager", "local", "--host", HOST, "--port", str(port)]
        programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        with running(command, log, {**os.environ, "PATH": programs}) as process:
            wait_until(lambda: process.poll() is not None or _answers(port), f"mlflow models serve, see {log}")
            assert process.poll() is None, log.read_text(encoding="utf-8")[-2000:]
            _ask(port, model.input_shape[1:], 1)
            start = time.perf_counter()
            with ThreadPoolExecutor(CLIENTS) as clients:
                list(clients.map(lambda _: _ask(port, model.input_shape[1:], EACH), range(CLIENTS)))
            took = time.perf_counter() - start
    rate = CLIENTS * EACH / took
    return Row(f"{CLIENTS * EACH} images asked by {CLIENTS} clients over HTTP", None, took, rate, "≥ 150", "a second")


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/ping", timeout=2):
            return True
    except OSError:
        return False


def _ask(port: int, shape: tuple[int, ...], requests: int) -> None:
    """One client: its requests one after another on one connection."""
    connection = http.client.HTTPConnection(HOST, port, timeout=300)
    body = json.dumps({"inputs": [_png(shape)]})
    for _ in range(requests):
        connection.request("POST", "/invocations", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = json.loads(answer.read())
        assert answer.status == 200, content
        assert content["predictions"][0]["class"]
    connection.close()


def _png(shape: tuple[int, ...]) -> str:
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(1).integers(0, 256, shape[:2], dtype=np.uint8)).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()
