"""How much is said, by this process and those it starts: results alone, progress as well, or all that libraries log."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

QUIET, VERBOSE, DEBUG = "HERBARIUM_QUIET", "HERBARIUM_VERBOSE", "HERBARIUM_DEBUG"


def choose(quiet: bool, verbose: bool, debug: bool) -> None:
    """Set what the functions below answer, and the switches TensorFlow and MLflow read when they are imported."""
    for name, chosen in ((QUIET, quiet), (VERBOSE, verbose), (DEBUG, debug)):
        if chosen:
            os.environ[name] = "1"
        else:
            os.environ.pop(name, None)
    if verbose:
        os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "0", "MLFLOW_LOGGING_LEVEL": "INFO"}
        logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    else:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def quiet() -> bool:
    return QUIET in os.environ


def verbose() -> bool:
    return VERBOSE in os.environ


def debug() -> bool:
    return DEBUG in os.environ


def say(text: str) -> None:
    """Print a line of progress, at once; nothing if only results are wanted."""
    if not quiet():
        print(text, flush=True)


def note(text: str) -> None:
    """Print what explains a result and is none, on the standard error stream; nothing if only results are wanted."""
    if not quiet():
        print(f"note: {text}", file=sys.stderr, flush=True)


def begin(text: str) -> None:
    """Say at once what takes the next seconds, on the standard error stream; nothing if only results are wanted."""
    if not quiet():
        print(f"{text} …", file=sys.stderr, flush=True)


@contextmanager
def progress() -> Iterator[None]:
    """What is printed inside is progress; warnings and errors on the standard error stream are not."""
    if quiet():
        with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
            yield
    else:
        yield
    sys.stdout.flush()
