"""Running another program so that it never outlives what started it, and ending in order when asked to end."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

# First what lets a program put its files in order, then what it cannot refuse.
_IN_ORDER = ((signal.SIGINT, 10.0), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))
_AT_ONCE = ((signal.SIGTERM, 2.0), (signal.SIGKILL, 5.0))
_POLL_SECONDS = 1.0


def run(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    on_line: Callable[[str], None],
    in_order: bool = True,
) -> int:
    """Run `command` in `folder` in a process group of its own; `on_line` gets every line it prints. Its exit code.

    If anything interrupts this, the whole group is ended before the interruption goes on: `in_order`, or at once where
    nothing that it leaves is kept.
    """
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        encoding="utf-8",
        errors="replace",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        process_group=0,
    ) as process:
        assert process.stdout
        try:
            for line in process.stdout:
                on_line(line.rstrip())
            return process.wait()
        except BaseException:
            _end(process, _IN_ORDER if in_order else _AT_ONCE)
            raise


@contextmanager
def ending_in_order() -> Iterator[None]:
    """Inside it SIGTERM and SIGHUP end this process as an exception does: what was opened is closed and tidied up.

    Those that are ignored, as SIGHUP is behind `nohup`, stay so.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heeded = [n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) != signal.SIG_IGN]
    before = {number: signal.signal(number, _exit) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end_with(
    parent: int, is_it: Callable[[int], bool] = lambda _: True, before: Callable[[], None] = lambda: None
) -> None:
    """From now on this process ends when the one of that number, which has started it, does, however that ends.

    `is_it`: whether that number is still, or was ever, that process's. `before` is called first.
    """
    threading.Thread(target=_watch, args=(parent, is_it, before), daemon=True).start()


def _watch(parent: int, is_it: Callable[[int], bool], before: Callable[[], None]) -> None:
    while os.getppid() == parent and is_it(parent):
        time.sleep(_POLL_SECONDS)
    before()
    os.kill(os.getpid(), signal.SIGKILL)


def _exit(number: int, _: FrameType | None) -> None:
    sys.exit(128 + number)


def _end(process: subprocess.Popen[str], ways: Sequence[tuple[signal.Signals, float]]) -> None:
    # What a script starts with & ignores Ctrl-C, and so does all that it starts.
    useless = signal.SIGINT if signal.getsignal(signal.SIGINT) == signal.SIG_IGN else None
    try:
        for number, seconds in ways:
            if number == useless:
                continue
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
                break
    finally:  # those it had started, also when this is asked to end once more
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
