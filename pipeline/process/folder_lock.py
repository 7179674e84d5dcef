"""One command at a time works in a folder, whether a stage or a sweep; and no stage outlives the `dvc` that started it.

A `dvc` killed alone leaves its stage at work; the next `dvc repro` would start another beside it, on the same files.
The lock is the operating system's: it goes with the process that has it, however that ends.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.files import paths
from pipeline.process import groups
from pipeline.process.compat import dvc_internals
from pipeline.process.errors import BusyError

_SAID_SECONDS = 2.0  # who has the lock says so at once, unless the machine is very busy
_LOOKED_SECONDS = 0.3  # who only looks has it for moments
_POLL_SECONDS = 1.0
_IN_ORDER_SECONDS = 10.0
_TEMPORARY = ".????????.*"  # what records.atomic and mkstemp call unfinished files
_LOCK, _HOLDER = "folder.lock", "folder.json"
_LENT_BY = "HERBARIUM_FOLDER_LENT_BY"  # tells a stage which process has started its `dvc` and waits for it


@contextmanager
def stage_alone(stage: str) -> Iterator[None]:
    """Within it no other command works in this folder, and the process ends when its `dvc` does.

    Unfinished files that killed stages have left beside the outputs are removed first.
    """
    _end_with_dvc()
    with _exclusive(stage, True, lambda: None):
        for folder in (paths.IMAGES, paths.FEATURES, paths.MODEL.parent, paths.REPORTS):
            _tidy(folder)
        yield


@contextmanager
def command_alone(command: str, wait: bool = False) -> Iterator[None]:
    """Within it neither a stage nor another such command works in this folder, nor a `dvc` between two stages.

    Raises BusyError if one does, or, with `wait`, waits for its end.
    """
    with _exclusive(command, wait, dvc_internals.running):
        yield


@contextmanager
def outputs_kept(command: str) -> Iterator[None]:
    """Within it `dvc` refuses to write or remove outputs. Raises BusyError if one does so now."""
    with dvc_internals.kept((paths.RAW.parent, paths.MODEL.parent, paths.REPORTS), command):
        yield


def at_work() -> str | None:
    """Who works in this folder now, as a phrase with its process; None if nobody does, or nobody may look."""
    from filelock import FileLock

    if not paths.STATE.exists():
        return None
    lock = FileLock(paths.STATE / _LOCK)
    try:
        if not _acquired(lock):
            return str(_read(paths.STATE / _HOLDER))
        lock.release()
    except OSError:  # of somebody who may only read here
        return None
    return dvc_internals.running()


def lent() -> dict[str, str]:
    """What the environment of a `dvc` must have whose stages are to work within this process' `command_alone`."""
    return {_LENT_BY: str(os.getpid())}


@contextmanager
def _exclusive(command: str, wait: bool, running_dvc: Callable[[], str | None]) -> Iterator[None]:
    from filelock import FileLock

    paths.STATE.mkdir(exist_ok=True)
    lock, holder = FileLock(paths.STATE / _LOCK), paths.STATE / _HOLDER
    other = _take(lock, holder, command, running_dvc)
    if other and other.pid == os.environ.get(_LENT_BY):
        yield
        return
    if other and not wait:
        raise BusyError(command, str(other))
    if other:
        print(f"{other} is at work in this folder; waiting for its end (Ctrl-C gives up)", file=sys.stderr)
    while other:
        time.sleep(_POLL_SECONDS)
        other = _take(lock, holder, command, running_dvc)
    try:
        yield
    finally:
        _release(lock, holder)


@dataclass(frozen=True)
class _Other:
    command: str
    pid: str

    def __str__(self) -> str:
        return f"{self.command} (process {self.pid})" if self.pid else self.command


def _take(lock: Any, holder: Path, command: str, running_dvc: Callable[[], str | None]) -> _Other | None:
    """Take the lock for `command` and return None; or leave it and return who is at work."""
    if not _acquired(lock):
        return _read(holder)
    holder.write_text(json.dumps({"command": command, "pid": os.getpid()}), encoding="utf-8")
    if dvc := running_dvc():
        _release(lock, holder)
        return _Other(dvc, "")
    return None


def _acquired(lock: Any) -> bool:
    from filelock import Timeout

    with suppress(Timeout):
        lock.acquire(timeout=_LOOKED_SECONDS)
    return bool(lock.is_locked)


def _release(lock: Any, holder: Path) -> None:
    holder.unlink(missing_ok=True)
    lock.release()


def _read(holder: Path) -> _Other:
    """Who has the lock: a process that lives. Another one's name was left when that was killed."""
    import psutil  # type: ignore[import-untyped]

    until = time.monotonic() + _SAID_SECONDS
    while time.monotonic() < until:
        with suppress(OSError, ValueError, KeyError, TypeError):
            content = json.loads(holder.read_text("utf-8"))
            if psutil.pid_exists(int(content["pid"])):
                return _Other(str(content["command"]), str(content["pid"]))
        time.sleep(_SAID_SECONDS / 40)
    return _Other("another command", "")


def _tidy(folder: Path) -> None:
    for path in folder.glob(_TEMPORARY):
        path.unlink(missing_ok=True)


def _end_with_dvc() -> None:
    if "DVC_STAGE" in os.environ:  # set by dvc for the commands it runs
        groups.end_with(os.getppid(), _of_this_session, _end_in_order)


def _end_in_order() -> None:
    print("the dvc that started this stage is gone: the stage ends; run dvc repro again", file=sys.stderr)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_IN_ORDER_SECONDS)  # a stage that heeds it does so between two calls into TensorFlow


def _of_this_session(parent: int) -> bool:
    """Whether `parent` can be the `dvc`: one killed before the watch began has left its stage to another session's."""
    try:
        return os.getsid(parent) == os.getsid(0)
    except OSError:
        return False
