"""Threads must not show: order, laziness and errors are those of a plain loop."""

import itertools
import time

import pytest

from pipeline.data.parallel import ordered_map


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
