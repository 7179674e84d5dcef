"""How far a long loop is: a live bar with rate and remaining time on a terminal, a plain line at times elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

PLAIN_INTERVAL_SECONDS = 15


class _Rate(ProgressColumn):
    def render(self, task: object) -> Text:
        speed = getattr(task, "speed", None)
        return Text(f"{speed:.0f} images/s" if speed else "")


@contextmanager
def images(description: str, total: int, done: int = 0) -> Iterator[Callable[[int], None]]:
    """Yield a function to call with the number of images just finished; `done` were finished before."""
    if sys.stderr.isatty():
        columns = TextColumn(description), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn()
        with Progress(*columns, transient=True) as bar:
            task = bar.add_task(description, total=total, completed=done)
            yield lambda count: bar.advance(task, count)
    else:
        yield _plain(description, total, done)


def _plain(description: str, total: int, done: int) -> Callable[[int], None]:
    start = last = time.monotonic()
    finished = 0

    def advance(count: int) -> None:
        nonlocal finished, last
        finished += count
        now = time.monotonic()
        if now - last >= PLAIN_INTERVAL_SECONDS:
            last, rate = now, finished / (now - start)
            left = (total - done - finished) / rate
            print(f"{description}: {done + finished} of {total}, {rate:.0f} images/s, {left:.0f} s left", flush=True)

    return advance
