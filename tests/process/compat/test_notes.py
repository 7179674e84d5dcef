"""Every workaround names the release it was seen in, the installed one: with a new release all are looked at anew."""

import importlib
import inspect
import re
from importlib.metadata import version
from pathlib import Path

import pytest

from pipeline.process import compat
from pipeline.process.compat import replacing

MODULES = [path.stem for path in Path(compat.__file__).parent.glob("*_internals.py")]
WORKAROUNDS = [
    pytest.param(function, id=f"{name}.{function.__name__}")
    for name in MODULES
    for module in [importlib.import_module(f"pipeline.process.compat.{name}")]
    for _, function in inspect.getmembers(module, inspect.isfunction)
    if function.__module__ == module.__name__ and not function.__name__.startswith("_")
]
SEEN = re.compile(r"Seen in ([\w-]+) (\d[\d.]*\d)")


@pytest.mark.parametrize("workaround", WORKAROUNDS)
def test_it_was_looked_at_with_the_installed_release(workaround):
    notes = inspect.getdoc(workaround)
    library, release = SEEN.search(notes).groups()
    assert version(library) == release, (
        f"{library} is another release: run tests/process/compat, take out what it no longer needs, then note"
        f" {version(library)} in {workaround.__module__}"
    )


@pytest.mark.parametrize("workaround", WORKAROUNDS)
def test_it_names_the_report_upstream_without_a_link_or_says_there_is_none(workaround):
    notes = " ".join(inspect.getdoc(workaround).split())
    assert bool(re.search(r"\b[\w-]+/[\w-]+#\d+", notes)) != ("no report upstream is known" in notes)
    assert "://" not in notes


def test_what_a_library_no_longer_has_is_said():
    from pipeline.process.errors import MachineError

    with (
        pytest.raises(MachineError, match=r"inspect has no _nothing.*requirements\.lock"),
        replacing.replaced(inspect, "_nothing", 1),
    ):
        pass


def test_what_was_replaced_comes_back_after_an_error():
    before = inspect.getdoc
    with pytest.raises(AttributeError), replacing.replaced(inspect, "getdoc", None):
        inspect.getdoc.called  # noqa: B018
    assert inspect.getdoc is before
