"""Slow tests that do not all fit into a time: others begin each time, and those that were not reached are named.

Being stopped from outside, pytest would lose what it has found.
"""

import os
import time

import pytest

UNTIL = "HERBARIUM_TESTS_UNTIL"  # seconds of the clock, as `date +%s` has them
FIRST = "HERBARIUM_TESTS_FIRST"  # the file to begin with: its number, counted round


@pytest.hookimpl(trylast=True)  # after those that are not asked for have been left out
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Turn the order of the files round, in each of pytest's processes alike; within a file it stays."""
    files = list(dict.fromkeys(item.path for item in items))
    if files and FIRST in os.environ:
        begin = int(os.environ[FIRST]) % len(files)
        place = {file: (number - begin) % len(files) for number, file in enumerate(files)}
        items.sort(key=lambda item: place[item.path])


@pytest.hookimpl(tryfirst=True)  # before a fixture is made
def pytest_runtest_setup() -> None:
    if time.time() > float(os.environ.get(UNTIL, "inf")):
        pytest.skip("no time was left for it")
