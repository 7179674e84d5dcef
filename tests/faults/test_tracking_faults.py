"""MLflow in trouble while a stage runs: the stage warns once, ends well, and its files are those it always writes."""

import http.server
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.identity import determinism
from pipeline.params.schema import Compute
from tests import trees

from . import bad_input

pytestmark = pytest.mark.slow
# While tests are collected, so before any of them can start TensorFlow with other threads.
determinism.prepare(Compute(precision="float32", threads=2, storage="float32"))


class Broken(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(500)

    do_POST = do_GET  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def answering_500(_: Path) -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Broken) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def never_answering(_: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@contextmanager
def stopped(_: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
    yield address


@contextmanager
def locked(project: Path) -> Iterator[str]:
    with sqlite3.connect(project / "mlflow.db") as database:
        database.execute("begin exclusive")
        yield f"sqlite:///{project}/mlflow.db"
        database.rollback()


@contextmanager
def damaged(project: Path) -> Iterator[str]:
    (project / "damaged.db").write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 40)
    yield f"sqlite:///{project}/damaged.db"


TROUBLES = {
    "MLflow answers 500": answering_500,
    "MLflow never answers": never_answering,
    "MLflow has stopped": stopped,
    "MLflow's database is locked": locked,
    "MLflow's database is damaged": damaged,
}


@pytest.mark.parametrize("name", TROUBLES)
def test_a_stage_needs_no_mlflow(
    name: str,
    project_copy: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    outcome: Callable,
) -> None:
    monkeypatch.chdir(project_copy)
    before = [trees.digest(Path(folder)) for folder in ("models", "reports")]
    with TROUBLES[name](project_copy) as uri:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        for stage in ("train", "evaluate"):
            told = bad_input.call([stage], capsys)
            assert told.code == 0, told.err
            assert "MLflow" in told.err
            assert "Traceback" not in told.err
            warnings = [line for line in told.err.splitlines() if line.startswith("warning: ")]
            assert len([line for line in warnings if "MLflow" in line]) == 1, told.err
    assert [trees.digest(Path(folder)) for folder in ("models", "reports")] == before
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    told = bad_input.call(["publish"], capsys)
    assert told.code == 0, told.err
    outcome(name, "train, evaluate", "one warning each, the same files; `herbarium publish` later shows them", faults=1)
