"""A small cluster on one machine: computers are network namespaces, joined to a head by links that can be cut."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.servers import running

HEAD = "10.213.0.1"  # inside the namespaces only; the machine's own network has no part in this
SCHEDULER = f"tcp://{HEAD}:8786"
_TENSORFLOW_BYTES = 300e6  # a worker that takes more has begun its first trial
# Dask gives a silent connection 30 s, the operating system probing it; the least it takes is 11 s.
ENVIRONMENT = {**os.environ, "DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": "15s"}


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


@dataclass(frozen=True)
class Network:
    """Names of namespaces; `within(name)` puts a command into one."""

    head: str
    computers: list[str]

    def cut(self, computer: str) -> None:
        """Take the link down at the head's side: both sides find the other silent."""
        ip("-n", self.head, "link", "set", f"to-{self.computers.index(computer)}", "down")


def within(namespace: str) -> list[str]:
    return ["ip", "netns", "exec", namespace]


@contextlib.contextmanager
def network(computers: int) -> Iterator[Network]:
    """Namespaces for a head (HEAD) and computers (10.213.0.2, …) at its bridge; skips where they cannot be made."""
    if os.geteuid() != 0 or not shutil.which("ip"):
        pytest.skip("needs root and `ip` (Debian: apt-get install iproute2) for network namespaces")
    names = [f"herbarium-{os.getpid()}-{number}" for number in range(computers + 1)]
    with contextlib.ExitStack() as stack:
        for name in names:
            try:
                ip("netns", "add", name)
            except subprocess.CalledProcessError as error:
                pytest.skip(f"network namespaces are not allowed here: {error.stderr.strip()}")
            stack.callback(ip, "netns", "delete", name)
            ip("-n", name, "link", "set", "lo", "up")
        _connect(*names)
        yield Network(names[0], names[1:])


def _connect(head: str, *computers: str) -> None:
    ip("-n", head, "link", "add", "bridge", "type", "bridge")
    ip("-n", head, "address", "add", f"{HEAD}/24", "dev", "bridge")
    ip("-n", head, "link", "set", "bridge", "up")
    for number, computer in enumerate(computers):
        ip("-n", head, "link", "add", f"to-{number}", "type", "veth", "peer", "name", "eth0", "netns", computer)
        ip("-n", head, "link", "set", f"to-{number}", "master", "bridge", "up")
        ip("-n", computer, "address", "add", f"10.213.0.{number + 2}/24", "dev", "eth0")
        ip("-n", computer, "link", "set", "eth0", "up")


@dataclass(frozen=True)
class Worker:
    """A computer's `dask worker`: a nanny, and the process below it that trains."""

    computer: str
    process: subprocess.Popen[bytes]

    def trains(self) -> bool:
        """True once TensorFlow is loaded, which is what a worker's first trial begins with."""
        try:
            children = psutil.Process(self.process.pid).children(recursive=True)
            return any(child.memory_info().rss > _TENSORFLOW_BYTES for child in children)
        except psutil.NoSuchProcess:
            return False

    def kill(self) -> None:
        """As if the computer had lost its power."""
        os.killpg(self.process.pid, signal.SIGKILL)


@contextlib.contextmanager
def dask_cluster(net: Network, folder: Path) -> Iterator[list[Worker]]:
    """A Dask scheduler at SCHEDULER and a worker on every computer; their words are in `folder`."""
    dask = str(Path(sys.executable).parent / "dask")
    scheduler = [dask, "scheduler", "--host", HEAD, "--port", "8786", "--no-dashboard"]
    options = ["--nthreads", "1", "--memory-limit", "0", "--no-dashboard", "--local-directory", str(folder)]
    with contextlib.ExitStack() as stack:
        stack.enter_context(running([*within(net.head), *scheduler], folder / "scheduler.log", ENVIRONMENT))
        workers = []
        for computer in net.computers:
            command = [*within(computer), dask, "worker", SCHEDULER, *options]
            process = stack.enter_context(running(command, folder / f"{computer}.log", ENVIRONMENT))
            workers.append(Worker(computer, process))
        yield workers
