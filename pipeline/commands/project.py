"""Commands about the project itself: its parameters, its cuts, its versions, its MLflow UI."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.setup import in_project, prepared, require_dvc, require_inputs
from pipeline.process import folder_lock
from pipeline.process.errors import BusyError, DataError

app = typer.Typer()
_PROJECT = "Project"


@app.command(rich_help_panel=_PROJECT)
@in_project()
def check() -> None:
    """Check params.yaml, whole, that dvc can run here, and that the results on disk are those dvc.lock names.

    Says what dvc repro still has to make, and what is odd about the folder of images. Puts aside what a killed dvc left
    torn, and takes damaged files out of DVC's cache: dvc repro makes them again.

    Example: herbarium check
    """
    from pipeline.files import paths
    from pipeline.params import config, upgrades
    from pipeline.process import dvc, half_written

    for sentence in half_written.put_aside():
        print(sentence)
    unmade = _mend_results()
    params = config.load()
    # What reads images and what searches take a second to import, which a typo need not wait for.
    from pipeline.data import known_classes, refusals, source_notes
    from pipeline.sweep import searched

    searched.dimensions_of(params)
    require_dvc()
    require_inputs(params)
    if classes := known_classes.of(params.data):
        searched.check_classes(params, classes)
    print("params.yaml is in order")
    refused = refusals.of(params.data)
    for sentence in dict.fromkeys([*unmade, *source_notes.of(params.data), *dvc.copies(Path.cwd())]):
        if sentence not in refused:
            print(f"note: {sentence}")
    found = upgrades.version(config.read_yaml(paths.PARAMS))
    if found < upgrades.CURRENT:
        print(f"note: it is of version {found}; `herbarium upgrade` adds what version {upgrades.CURRENT} has")
    if refused:
        raise DataError("\n".join(refused))


def _mend_results() -> list[str]:
    """Mend what dvc.lock names, saying so; returns what of it is still to be made."""
    from pipeline.files import paths
    from pipeline.identity import mending, receipts, unmade
    from pipeline.process import verbosity

    if not paths.LOCK.exists():
        return []
    verbosity.say("looking at what dvc.lock names")
    try:
        with folder_lock.command_alone("herbarium check"):
            for sentence in mending.mend():
                print(sentence)
            receipts.require()
            return unmade.sentences()
    except BusyError as error:
        print(f"the results were not looked at: {error}")
        return []


@app.command(rich_help_panel=_PROJECT)
@in_project()
def upgrade(
    check: Annotated[bool, typer.Option("--check", help="Only show it; exit with 1 if there is something.")] = False,
) -> None:
    """Bring params.yaml to this Herbarium's version: show the difference and write it, comments kept, values the same.

    Example: herbarium upgrade --check
    """
    from difflib import unified_diff

    from pipeline.files import paths, records
    from pipeline.params import config, editing, upgrades

    with folder_lock.command_alone("herbarium upgrade"):
        old = config.read_text(paths.PARAMS)
        new = editing.upgraded(old, str(paths.PARAMS))
        if new == old:
            print(f"params.yaml is of version {upgrades.CURRENT}, as this Herbarium's are")
            return
        title = f"params.yaml of version {upgrades.CURRENT}"
        print("\n".join(unified_diff(old.splitlines(), new.splitlines(), "params.yaml", title, n=1, lineterm="")))
        if check:
            raise typer.Exit(1)
        records.write_text(paths.PARAMS, new)
        print("written; it means what it meant: only stages that read a new key have anything to run again")


@app.command(rich_help_panel=_PROJECT)
@in_project()
def cuts() -> None:
    """Where the backbone of params.yaml can be cut, and what each cut costs.

    Example: herbarium cuts
    """
    params = prepared()
    from pipeline.identity import determinism
    from pipeline.model import costs

    determinism.prepare(params.compute)
    costs.print_table(params)


@app.command(rich_help_panel=_PROJECT)
@in_project()
def ui() -> None:
    """Open the MLflow UI of this project on 127.0.0.1 at a free port; Ctrl-C stops it.

    Example: herbarium ui
    """
    from pipeline.params import config
    from pipeline.process import verbosity
    from pipeline.tracking import address

    tracking = config.load().tracking
    uri = address.tracking_uri(tracking)
    if address.is_server(uri):
        print(f"The runs are at {address.redacted(uri)}")
        return
    verbosity.begin("starting MLflow's server, which takes up to a minute")
    from pipeline.tracking import ui as server

    server.show(tracking)


@app.command(rich_help_panel=_PROJECT)
@in_project()
def versions(
    write: Annotated[bool, typer.Option("--write", help="Take the installed versions into the cache key.")] = False,
) -> None:
    """Versions of the packages that decide results: those installed against those the cache key names.

    Example: herbarium versions
    """
    from pipeline.identity import versions as packages
    from pipeline.process import tables

    if write:
        with folder_lock.command_alone("herbarium versions --write"):
            packages.take_installed()
    recorded = packages.recorded()
    installed = packages.installed(recorded)
    others = {name: "" if installed[name] == recorded[name] else f"installed: {installed[name]}" for name in recorded}
    print("\n".join(tables.aligned([(name, recorded[name], others[name]) for name in recorded])))
