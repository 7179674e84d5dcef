"""MLflow's pages for the project's runs, on this machine only, until Ctrl-C."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.files import paths
from pipeline.params.schema import Tracking
from pipeline.process import databases, groups
from pipeline.tracking import address, views
from pipeline.tracking.store import TrackingUnavailable, connect, conversation

HOST = "127.0.0.1"
LOG = paths.STATE / "mlflow-server.log"
_START_SECONDS = 120
_STOP_SECONDS = 10


@contextmanager
def server(tracking: Tracking, port: int | None = None) -> Iterator[str]:
    """An MLflow server on the project's database while the block runs; yields its address once it answers.

    `port` None = a free one. Raises TrackingUnavailable with the server's last words if it does not start.
    """
    uri = address.tracking_uri(tracking)
    with conversation(uri):
        connect(tracking)  # creates the database if this is the first look at it
    url = f"http://{HOST}:{port or _free_port()}"
    process = _launched(uri, url)
    try:
        _wait_until_answering(process, url)
        yield url
    finally:
        _stop(process)


def show(tracking: Tracking) -> None:
    """Run a server until Ctrl-C, `kill` or the terminal's end, its address printed. Raises TrackingUnavailable if it
    does not start."""
    uri = address.tracking_uri(tracking)
    with groups.ending_in_order(), suppress(KeyboardInterrupt), server(tracking) as url:
        with conversation(uri):
            page = views.page(connect(tracking).experiment_id)
        print(f"MLflow shows the runs at {url}{page} (Ctrl-C stops it)", flush=True)
        signal.pause()


def _launched(uri: str, url: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "mlflow", "server", "--host", HOST, "--port", url.rpartition(":")[2]]
    command += ["--workers", "1"]
    command += ["--default-artifact-root", str(address.artifact_location(uri))]
    LOG.parent.mkdir(parents=True, exist_ok=True)
    # The job runner is for evaluations of language models and triples the time to start.
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    # It may hold a password, and arguments are public. A file is named from its folder: MLflow takes the URL of one for
    # its path and would make another folder where the two differ.
    file = address.database_file(uri)
    environment["MLFLOW_BACKEND_STORE_URI"] = databases.with_file(uri, Path(file.name)) if file else uri
    environment["MLFLOW_REGISTRY_STORE_URI"] = environment["MLFLOW_BACKEND_STORE_URI"]  # not the shell's
    folder = file.parent if file else None
    with LOG.open("wb") as log:
        # A process group of its own: Ctrl-C reaches this process alone, which then stops the server in order.
        return subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=environment, start_new_session=True)


def _wait_until_answering(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise TrackingUnavailable(f"the MLflow server did not start at {url}; {LOG} ends:\n{address.redacted(_tail(LOG))}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    for number, patience in ((signal.SIGTERM, _STOP_SECONDS), (signal.SIGKILL, None)):
        try:
            os.killpg(process.pid, number)
            process.wait(timeout=patience)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def _tail(path: Path, lines: int = 5) -> str:
    return "\n".join(path.read_text("utf-8", errors="replace").splitlines()[-lines:])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
