"""A database that is away for some minutes, as when it is restarted, does not end a search of days."""

import time
from collections.abc import Callable
from typing import TypeVar

from optuna.exceptions import StorageInternalError
from sqlalchemy.exc import InterfaceError, OperationalError

from pipeline.process.errors import HerbariumError
from pipeline.process.notices import in_short, warn
from pipeline.process.redaction import redacted

PATIENCE_SECONDS = 300.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.5, 10.0

T = TypeVar("T")


class StorageError(HerbariumError):
    """The study's storage answers and cannot be used."""


class StorageUnavailableError(StorageError):
    """The study's storage stayed away. What it had recorded is the sweep so far."""


def patiently(action: Callable[[], T]) -> T:
    """The result of `action`, called again while the study's storage does not answer; so it must be repeatable.

    Raises StorageUnavailableError after PATIENCE_SECONDS, StorageError at once for whatever else a storage raises.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    pause = 0.0
    while True:
        try:
            return action()
        except HerbariumError:
            raise
        except Exception as error:  # every database has errors of its own, and Optuna as well
            reason = _reason(error)
            if reason is None:
                raise StorageError(f"the study's storage cannot be used: {in_short(error)}") from error
            if time.monotonic() >= deadline:
                raise StorageUnavailableError(
                    f"the study's storage did not answer for {PATIENCE_SECONDS:.0f} s ({reason}). The trials it has are"
                    " safe: start it, then run `herbarium sweep` again, which goes on after them"
                ) from error
            if not pause:
                warn(f"the study's storage does not answer ({reason}); trying again")
            pause = min(max(2 * pause, _FIRST_PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)
            time.sleep(max(0.0, min(pause, deadline - time.monotonic())))


def _reason(error: BaseException) -> str | None:
    """What the database's driver said, without credentials; None if this is not about reaching the database."""
    cause = error.__cause__ if isinstance(error, StorageInternalError) else error
    if not isinstance(cause, OperationalError | InterfaceError):
        return None
    return " ".join(redacted(str(cause.orig)).split())[:300]
