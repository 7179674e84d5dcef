"""A database that is away for some minutes, as when it is restarted, does not end a search of days."""

from collections.abc import Callable
from typing import TypeVar

from optuna.exceptions import StorageInternalError
from sqlalchemy.exc import InterfaceError, OperationalError
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_delay, wait_exponential

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
    retrying = Retrying(
        retry=retry_if_exception(lambda error: _reason(error) is not None),
        wait=wait_exponential(multiplier=_FIRST_PAUSE_SECONDS, max=_LONGEST_PAUSE_SECONDS),
        stop=stop_after_delay(PATIENCE_SECONDS),
        before_sleep=_warn_once,
        reraise=True,
    )
    try:
        return retrying(action)
    except HerbariumError:
        raise
    except Exception as error:  # every database has errors of its own, and Optuna as well
        reason = _reason(error)
        if reason is None:
            raise StorageError(f"the study's storage cannot be used: {in_short(error)}") from error
        raise StorageUnavailableError(
            f"the study's storage did not answer for {PATIENCE_SECONDS:.0f} s ({reason}). The trials it has are safe:"
            " start it, then run `herbarium sweep` again, which goes on after them"
        ) from error


def _warn_once(state: RetryCallState) -> None:
    if state.attempt_number == 1 and state.outcome and (error := state.outcome.exception()):
        warn(f"the study's storage does not answer ({_reason(error)}); trying again")


def _reason(error: BaseException) -> str | None:
    """What the database's driver said, without credentials; None if this is not about reaching the database."""
    cause = error.__cause__ if isinstance(error, StorageInternalError) else error
    if not isinstance(cause, OperationalError | InterfaceError):
        return None
    return " ".join(redacted(str(cause.orig)).split())[:300]
