"""The command line `herbarium`: its rooms' commands together, and how errors look."""

import sys
import traceback
from types import TracebackType
from typing import Annotated

import typer

import pipeline.process.loaded  # noqa: F401 - before any module whose file it is to watch
from pipeline.commands import (
    arguments,
    backbones,
    experiments,
    export,
    first_look,
    labels,
    predict,
    project,
    results,
    review,
    runs,
    stages,
    start,
    sweep,
)
from pipeline.process import machine, startup, verbosity
from pipeline.process.errors import HerbariumError
from pipeline.process.redaction import redacted

app = typer.Typer(
    cls=arguments.Commands,
    help="Reproducible transfer-learning experiments. `dvc repro` runs the pipeline; this command does the rest.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for room in (
    stages,
    sweep,
    experiments,
    review,
    runs,
    results,
    predict,
    export,
    start,
    project,
    first_look,
    labels,
    backbones,
):
    app.add_typer(room.app)


@app.callback()
def options(
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", envvar=verbosity.QUIET, help="Print results and errors only, no progress.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", envvar=verbosity.VERBOSE, help="Show what the libraries log, too.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", envvar=verbosity.DEBUG, help="Show where in the code an error comes from.")
    ] = False,
) -> None:
    if quiet and verbose:
        raise typer.BadParameter("does not go with --quiet", param_hint="--verbose")
    verbosity.choose(quiet, verbose, debug)


def begin() -> None:
    """Entry point of a process of its own: settles what a process cannot change later, then `main`."""
    startup.print_anything()
    try:
        startup.settle()
    except HerbariumError as error:
        print(f"error: {redacted(str(error))}", file=sys.stderr)
        sys.exit(1)
    main()


def main() -> None:
    """The command line: errors a user can act on are one message and exit code 1; --debug shows their origin."""
    sys.excepthook = _show_traceback
    try:
        app(prog_name="herbarium")
    except HerbariumError as error:
        if verbosity.debug():
            raise
        print(f"error: {redacted(str(error))}", file=sys.stderr)
        sys.exit(1)
    except Exception as error:
        message = machine.explained(error)
        if verbosity.debug() or message is None:
            raise
        print(f"error: {redacted(message)}", file=sys.stderr)
        sys.exit(1)


def _show_traceback(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Python's own, without the passwords that libraries put into their messages."""
    sys.stderr.write(redacted("".join(traceback.format_exception(kind, error, trace))))
