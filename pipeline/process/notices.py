"""Warnings: what did not work and stops nothing. A view of results, in MLflow for one, is never worth the results."""

import sys
import traceback
from collections.abc import Callable

from pipeline.process import verbosity
from pipeline.process.errors import HerbariumError
from pipeline.process.redaction import redacted


def warn(message: str) -> None:
    """Print `message` on the standard error stream, passwords left out."""
    print(f"warning: {redacted(message)}", file=sys.stderr)


def or_warn(action: Callable[[], object]) -> None:
    """Do what the results do not need; whatever it raises is one warning (and its traceback with --debug)."""
    try:
        action()
    except Exception as error:  # noqa: BLE001 - the files are the record: a missing view fails nothing
        warn(excused(error))


def excused(error: Exception) -> str:
    """`in_short`, of an error that ends here; with --debug its traceback is printed."""
    if verbosity.debug():
        sys.stderr.write(redacted("".join(traceback.format_exception(error))))
    return in_short(error)


def in_short(error: BaseException) -> str:
    """One line of an error of whatever library, passwords left out; what it is called, unless the words are ours."""
    text = redacted(str(error))
    if isinstance(error, HerbariumError):
        return text
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return ": ".join([type(error).__name__, *[line[:300] for line in lines[:1]]])
