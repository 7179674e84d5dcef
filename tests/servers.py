"""Real servers for tests: PostgreSQL and `mlflow server`, each in a folder of its own and gone when the block ends.

`within` is a prefix for the servers' commands, such as `ip netns exec NAME`: their addresses are then that namespace's.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

HOST = "127.0.0.1"
POSTGRESQL = Path("/usr/lib/postgresql")  # where Debian has it: <version>/bin
START_SECONDS = 600
_STOP_SECONDS = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def wait_until(ready: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
    """Raise TimeoutError naming `what` if `ready` does not come true in time."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.1)


def group_is_alive(group: int) -> bool:
    """Whether a process of the group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@contextlib.contextmanager
def running(
    command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A program in a process group of its own, its words in `log`; whatever of the group is left is ended after it."""
    with log.open("ab") as words:
        process = subprocess.Popen(
            command, stdout=words, stderr=words, env=environment, cwd=folder, start_new_session=True
        )
    try:
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGTERM) -> None:
    """Ask the program to end, wait for it, then kill what is left of its process group."""
    if process.poll() is None:
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@dataclass
class PostgreSQL:
    """A PostgreSQL server that can be stopped and started again. Use `postgresql`."""

    folder: Path
    host: str
    port: int
    within: Sequence[str] = ()
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def url(self, database: str) -> str:
        """SQLAlchemy's URL of a database; through the network."""
        return f"postgresql://herbarium@{self.host}:{self.port}/{database}"

    def socket_url(self, database: str) -> str:
        """The same through the folder's socket, which reaches into network namespaces."""
        return f"postgresql://herbarium@/{database}?host={self.folder}&port={self.port}"

    def create(self, database: str) -> str:
        """A new database; returns its `url`."""
        options = ["--host", str(self.folder), "--port", str(self.port), "--username", "herbarium"]
        subprocess.run([binary("createdb"), *options, database], check=True, capture_output=True)
        return self.url(database)

    def start(self) -> None:
        """Start, and return when it takes connections."""
        settings = {
            "listen_addresses": self.host,
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
            "fsync": "off",  # the test outlives no power cut
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        command = [*self.within, *_as_nobody_special(), binary("postgres"), "-D", str(self.folder / "data"), *options]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        ready = [binary("pg_isready"), "--quiet", "--host", str(self.folder), "--port", str(self.port)]
        wait_until(lambda: subprocess.run(ready).returncode == 0, f"PostgreSQL in {self.folder}")

    def stop(self) -> None:
        """Shut down at once, as an administrator does: connections are cut."""
        if self._process:
            stop(self._process, signal.SIGINT)
            self._process = None


@contextlib.contextmanager
def postgresql(host: str = HOST, within: Sequence[str] = ()) -> Iterator[PostgreSQL]:
    """A fresh PostgreSQL server at `host` with the user herbarium, no password; skips where there is none."""
    require_postgresql()
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))  # a socket's path may have 107 characters, pytest's are long
    server = PostgreSQL(folder, host, free_port(), within)
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        options = ["--auth=trust", "--username=herbarium", "--encoding=UTF8", "--locale=C", "--no-sync"]
        command = [*_as_nobody_special(), binary("initdb"), *options, str(folder / "data")]
        subprocess.run(command, check=True, capture_output=True)
        with (folder / "data/pg_hba.conf").open("a") as rules:
            rules.write(f"host all herbarium {host}/32 trust\n")
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def require_postgresql() -> None:
    if not sorted(POSTGRESQL.glob("*/bin/initdb")):
        pytest.skip("needs PostgreSQL (Debian: apt-get install postgresql)")
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("needs setpriv: PostgreSQL refuses to run as root")


def binary(name: str) -> str:
    """The path of one of PostgreSQL's programs, of the newest version installed."""
    return str(sorted(POSTGRESQL.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))[-1])


def _as_nobody_special() -> list[str]:
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


@contextlib.contextmanager
def mlflow_server(
    folder: Path,
    backend: str,
    *options: str,
    host: str = HOST,
    within: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """`mlflow server` on the database `backend`, artifacts served from folder/artifacts; yields its address.

    `options` are added to the command, `environment` to the variables; its words are in folder/mlflow.log.
    """
    url = f"http://{host}:{free_port()}"
    command = [*within, sys.executable, "-m", "mlflow", "server", "--host", host, "--port", url.rpartition(":")[2]]
    command += ["--workers", "1", "--backend-store-uri", backend, "--artifacts-destination", f"{folder}/artifacts"]
    # The job runner is for evaluations of language models and triples the time to start.
    variables = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", **(environment or {})}
    log = folder / "mlflow.log"
    with running([*command, *options], log, variables) as process:
        wait_until(lambda: process.poll() is not None or _answers(url, within), f"mlflow server at {url}, see {log}")
        assert process.poll() is None, f"mlflow server ended:\n{log.read_text()[-2000:]}"
        yield url


def _answers(url: str, within: Sequence[str]) -> bool:
    look = f"import urllib.request; urllib.request.urlopen('{url}/health', timeout=2)"
    return subprocess.run([*within, sys.executable, "-c", look], capture_output=True).returncode == 0
