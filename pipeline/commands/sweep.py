"""Searching: sweeps and promotion. Everything heavy is imported inside the command that needs it."""

import sys
from typing import Annotated

import typer

from pipeline.commands import extraction_workers
from pipeline.commands.setup import configured, in_project, require_dvc, require_inputs
from pipeline.process import folder_lock, groups

app = typer.Typer()
_SEARCHING = "Searching"


def _from_here(context: typer.Context, option: typer.CallbackParam, address: str | None) -> str | None:
    """A relative SQLite file counts from where the user stands if it is an argument, else from the project."""
    source = context.get_parameter_source(option.name or "")
    if address and source is not None and source.name == "COMMANDLINE":
        from pipeline.process import databases

        if file := databases.sqlite_file(address):
            return databases.with_file(address, file.absolute())
    return address


_STORAGE = typer.Option(
    envvar="OPTUNA_STORAGE",
    help="Where the study is: an SQLAlchemy URL.",
    show_default="optuna.db in the project",
    callback=_from_here,
)


@app.command(rich_help_panel=_SEARCHING)
@in_project()
def sweep(
    trials: Annotated[int | None, typer.Option(min=1, help="Trials in total.", show_default="sweep.trials")] = None,
    workers: Annotated[
        int, typer.Option(min=1, max=extraction_workers.MOST, help="Processes on this machine; they change no result.")
    ] = 1,
    storage: Annotated[str | None, _STORAGE] = None,
    scheduler: Annotated[str | None, typer.Option(help="A Dask scheduler to send trials to: tcp://host:8786.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the summary only, as herbarium --quiet does.")] = False,
) -> None:
    """Search for parameters with a higher sweep.objective, as validation accuracy; run again, it goes on where it was.

    Example: herbarium sweep --trials 40 --workers 2
    """
    params = configured()
    from pipeline.files import features_index, paths, records
    from pipeline.filing import ledger
    from pipeline.identity import certificate, fingerprint
    from pipeline.params import unchanged
    from pipeline.process import half_written, verbosity
    from pipeline.sweep import command, plans, searched

    quiet = quiet or verbosity.quiet()
    searched.dimensions_of(params)
    require_dvc()
    require_inputs(params)
    for sentence in half_written.put_aside():
        print(sentence, file=sys.stderr)
    if not quiet:
        verbosity.begin("bringing the features up to date")
    with groups.ending_in_order(), folder_lock.command_alone("herbarium sweep", wait=True):
        sent_to = {extraction_workers.SCHEDULER: scheduler} if scheduler else {}
        command.bring_features_up_to_date(quiet, {**folder_lock.lent(), **sent_to})
        unchanged.require(params, "herbarium sweep")
        certificate.require((*features_index.files(fingerprint.SPLITS), paths.CLASSES))
        searched.check_classes(params, records.read_json(paths.CLASSES))
        plans.check_folds(params)
        with folder_lock.outputs_kept("herbarium sweep"):
            plan = plans.of(params, storage, trials)
            print(command.run(plan, workers, scheduler, quiet, on_written=ledger.note_sweep))


@app.command(rich_help_panel=_SEARCHING)
@in_project()
def promote(
    trial: Annotated[str, typer.Argument(help="best, the number of a trial, or the ID of its run in MLflow.")] = "best",
    storage: Annotated[str | None, _STORAGE] = None,
) -> None:
    """Write what a trial of the sweep tried into params.yaml; `dvc repro` then gives its validation accuracy.

    Example: herbarium promote best && dvc repro
    """
    from pipeline.params import config
    from pipeline.process import verbosity

    verbosity.begin("looking the trial up")
    from pipeline.sweep import command, plans
    from pipeline.sweep import promote as promotion

    with folder_lock.command_alone("herbarium promote"):
        params = config.load()
        plans.of(params, storage, create=False)  # that there is none is told at once
        require_dvc()
        require_inputs(params)
        command.bring_features_up_to_date(True, folder_lock.lent())  # images that were changed are of other trials
        print(promotion.promote(plans.of(params, storage, create=False), trial))
