"""How a part of another library is replaced: for a while, and never in silence when the library no longer has it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pipeline.process.errors import MachineError


@contextmanager
def replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Inside, `owner` (a module or class) has `value` under `name`. Raises MachineError if it has nothing there."""
    before = require(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


def require(owner: Any, name: str) -> Any:
    """What `owner` has under `name`. Raises MachineError if that is nothing."""
    if not hasattr(owner, name):
        where = getattr(owner, "__module__", None) or owner.__name__
        raise MachineError(
            f"{where} has no {name}, which this project relies on: another"
            " release of that package than requirements.lock names is installed. Install requirements.lock"
        )
    return getattr(owner, name)
