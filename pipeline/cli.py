"""The command line `herbarium`: its rooms' commands together, and how errors look."""

import os
import sys
from typing import Annotated

import typer

from pipeline.commands import project, results, review, stages, sweep
from pipeline.errors import HerbariumError

app = typer.Typer(
    help="Reproducible transfer-learning experiments. `dvc repro` runs the pipeline; this command does the rest.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for room in (stages, sweep, review, results, project):
    app.add_typer(room.app)


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show what TensorFlow says when it starts.")] = False,
) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "0" if verbose else "3")
    if debug:
        os.environ["HERBARIUM_DEBUG"] = "1"


def main() -> None:
    """Entry point: errors a user can act on are one message and exit code 1; --debug shows where they come from."""
    try:
        app()
    except HerbariumError as error:
        if os.environ.get("HERBARIUM_DEBUG"):
            raise
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
