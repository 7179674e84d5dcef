"""Threads must not show: order, laziness and errors are those of a plain loop."""

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.data import parallel
from pipeline.data.parallel import Room, ordered_map
from pipeline.process import limits


def test_results_come_in_order_although_early_work_takes_longest():
    def slow_first(i: int) -> int:
        time.sleep(0.02 if i % 5 == 0 else 0)
        return i * i

    assert list(ordered_map(slow_first, range(40))) == [i * i for i in range(40)]


def test_an_endless_stream_is_read_only_a_little_ahead():
    source = itertools.count()
    assert list(itertools.islice(ordered_map(str, source), 3)) == ["0", "1", "2"]
    assert next(source) < 1000


def test_the_first_exception_is_raised_after_the_results_before_it():
    results = ordered_map(lambda i: 1 // (3 - i), range(9))
    assert [next(results) for _ in range(3)] == [0, 0, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)


@pytest.mark.parametrize(("cpus", "most", "ahead"), [(16, 10, 10), (16, 10**9, 64), (1, 10**9, 4), (16, 0, 1)])
def test_as_much_is_under_way_as_processors_and_bytes_allow(monkeypatch, cpus, most, ahead):
    monkeypatch.setattr(limits, "cpus", lambda: cpus)
    source = iter(range(1000))
    results = ordered_map(lambda i: i, source, size=lambda i: 1, most=most)
    assert next(results) == 0
    assert next(source) - 1 <= ahead + 1
    assert next(results) == 1


def test_threads_wait_for_room_and_what_is_too_large_is_alone():
    room, taken, most = Room(100), [], []
    lock = threading.Lock()

    def work(size: int) -> int:
        with room.taken(size):
            with lock:
                taken.append(size)
                most.append(list(taken))
            time.sleep(0.005)
            with lock:
                taken.remove(size)
        return size

    sizes = [30, 40, 500, 60, 100, 10] * 4
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(work, sizes)) == sizes
    assert max(sum(min(size, 100) for size in together) for together in most) <= 100
    assert any(len(together) > 1 for together in most)
    assert all(together == [500] for together in most if 500 in together)


def test_room_is_given_back_after_an_error():
    room = Room(10)
    with pytest.raises(ZeroDivisionError), room.taken(10):
        1 / 0  # noqa: B018
    with room.taken(10):
        pass


def test_room_is_a_part_of_what_the_container_has(monkeypatch):
    monkeypatch.setattr(limits, "memory_bytes", lambda: 400)
    assert parallel.room()._total == 100
    monkeypatch.setattr(limits, "memory_bytes", lambda: 1 << 40)
    assert parallel.room()._total == 2 << 30
