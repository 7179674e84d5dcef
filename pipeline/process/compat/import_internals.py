"""Imports: what a library takes along only in case somebody hands it objects of another."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

UNUSED = ("matplotlib", "pandas", "sklearn")


@contextmanager
def without_companions() -> Iterator[None]:
    """Inside, Keras is imported as where `UNUSED` are not installed: they take a fifth of its time, and nothing that it
    does with them (data frames, galleries, estimators) is used. Whoever imports them later has them.

    Seen in keras 3.15.1; no report upstream is known.
    """
    finder = _Absent()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Absent(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname in UNUSED:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return None
