"""One stage at a time in a folder, and none that outlives the `dvc` that started it.

A `dvc` killed alone leaves its stage at work; the next `dvc repro` would start another beside it, on the same files.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_POLL_SECONDS = 1.0
_TEMPORARY = ".????????.*"  # what records.atomic and mkstemp call unfinished files


@contextmanager
def turn() -> Iterator[None]:
    """Wait until no other stage is at work in this folder; within it, the process ends when its `dvc` does.

    Unfinished files that killed stages have left beside the outputs are removed first.
    """
    from filelock import FileLock, Timeout

    from pipeline.files import paths

    _end_with_dvc()
    paths.STATE.mkdir(exist_ok=True)
    lock = FileLock(paths.STATE / "stage.lock")
    with suppress(Timeout):
        lock.acquire(blocking=False)
    if not lock.is_locked:
        print("another stage is at work in this folder; waiting for its end (Ctrl-C gives up)", file=sys.stderr)
        lock.acquire()
    try:
        for folder in (paths.IMAGES, paths.MODEL.parent, paths.REPORTS):
            _tidy(folder)
        yield
    finally:
        lock.release()


def _tidy(folder: Path) -> None:
    for path in folder.glob(_TEMPORARY):
        path.unlink(missing_ok=True)


def _end_with_dvc() -> None:
    if "DVC_STAGE" in os.environ:  # set by dvc for the commands it runs
        threading.Thread(target=_watch, args=(os.getppid(),), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent and _of_this_session(parent):
        time.sleep(_POLL_SECONDS)
    print("the dvc that started this stage is gone: the stage ends; run dvc repro again", file=sys.stderr)
    os.kill(os.getpid(), signal.SIGTERM)


def _of_this_session(parent: int) -> bool:
    """Whether `parent` can be the `dvc`: one killed before the watch began has left its stage to another session's."""
    try:
        return os.getsid(parent) == os.getsid(0)
    except OSError:
        return False
