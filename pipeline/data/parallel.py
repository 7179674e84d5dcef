"""Work on images in threads without losing their order or filling the memory."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Condition
from typing import TypeVar

from pipeline.process import limits

T = TypeVar("T")
R = TypeVar("R")

_MOST_BYTES = 2 << 30


def _nothing(item: object) -> int:
    return 0


def ordered_map(
    function: Callable[[T], R], items: Iterable[T], size: Callable[[T], int] = _nothing, most: int = _MOST_BYTES // 4
) -> Iterator[R]:
    """`function` of each of `items`, in their order; only a few are under way at a time, so `items` may be endless.

    Those under way are together at most `most` bytes, by `size`, or one. Threads are enough because Pillow and hashlib
    release the interpreter lock. The first exception is raised in turn.
    """
    workers = limits.cpus()
    with ThreadPoolExecutor(workers) as pool:
        pending: deque[tuple[Future[R], int]] = deque()
        for item in items:
            while len(pending) > 4 * workers or (pending and sum(int(n) for _, n in pending) + size(item) > most):
                yield pending.popleft()[0].result()
            pending.append((pool.submit(function, item), size(item)))
        while pending:
            yield pending.popleft()[0].result()


class Room:
    """Bytes that all threads together may fill; what needs more than there are waits until it is alone."""

    def __init__(self, total: int) -> None:
        self._total = self._free = total
        self._changed = Condition()

    @contextmanager
    def taken(self, size: int) -> Iterator[None]:
        """Wait until `size` bytes are free; they are taken within."""
        needed = min(size, self._total)
        with self._changed:
            self._changed.wait_for(lambda: self._free >= needed)
            self._free -= needed
        try:
            yield
        finally:
            with self._changed:
                self._free += needed
                self._changed.notify_all()


def room() -> Room:
    """A quarter of the memory there is, two gigabytes at most: for decoded photographs, which need gigabytes each."""
    return Room(min(_MOST_BYTES, limits.memory_bytes() // 4))
