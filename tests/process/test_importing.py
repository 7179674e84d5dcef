"""While libraries are imported nothing is searched for garbage; afterwards what came later is, as ever."""

import builtins
import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from pipeline.identity import libraries
from pipeline.process import importing


class _Ring:
    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _collecting() -> Iterator[None]:
    gc.enable()
    yield
    gc.enable()


def test_what_is_imported_is_never_searched_again() -> None:
    kept = [_Ring() for _ in range(3)]
    with importing.uncollected():
        assert not gc.isenabled()
    assert gc.isenabled()
    searched = {id(thing) for thing in gc.get_objects()}
    assert not searched & {id(ring) for ring in kept}


def test_garbage_that_comes_later_is_removed() -> None:
    with importing.uncollected():
        pass
    gone = weakref.ref(_Ring())
    gc.collect()
    assert gone() is None


def test_a_failed_import_leaves_the_search_as_it_was() -> None:
    with pytest.raises(ModuleNotFoundError), importing.uncollected():
        import no_such_module  # type: ignore[import-not-found]  # noqa: F401
    assert gc.isenabled()


def test_an_inner_block_does_not_end_the_outer_one() -> None:
    with importing.uncollected():
        with importing.uncollected():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_process_that_goes_without_the_search_keeps_to_it() -> None:
    gc.disable()
    with importing.uncollected():
        pass
    assert not gc.isenabled()


def test_tensorflow_is_imported_uncollected(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    original = builtins.__import__

    def spied(name: str, *rest: Any, **named: Any) -> Any:
        if name == "tensorflow":
            seen.append(gc.isenabled())
        return original(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", spied)
    libraries.start()
    assert seen[0] is False
    assert gc.isenabled()
