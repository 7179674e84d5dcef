"""How far a long loop is: a live bar with rate and remaining time on a terminal, a plain line at times elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

FIRST_PLAIN_SECONDS = 2
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
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(description, total=total, completed=done)
            yield lambda count: bar.advance(task, count)
    else:
        yield _plain(description, total, done)


def _plain(description: str, total: int, done: int) -> Callable[[int], None]:
    start = time.monotonic()
    due, finished = start + FIRST_PLAIN_SECONDS, 0
    here = sys.stdout  # also where the loop's own prints are led elsewhere

    def advance(count: int) -> None:
        nonlocal finished, due
        finished += count
        now = time.monotonic()
        if now >= due:
            due, rate = now + PLAIN_INTERVAL_SECONDS, finished / (now - start)
            left = (total - done - finished) / rate
            text = f"{description}: {done + finished} of {total}, {rate:.{rate < 10:d}f} images/s, {left:.0f} s left"
            print(text, file=here, flush=True)

    return advance
