"""What is done with a finished run: shown, and published."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands import finished, known
from pipeline.commands.setup import in_project

if TYPE_CHECKING:
    from pipeline.model.assembly import Assembled
    from pipeline.params.schema import Params

app = typer.Typer()
_RESULTS = "Results"


@app.command(rich_help_panel=_RESULTS)
@in_project()
def summary() -> None:
    """What the last run found: accuracy with its interval, where the pictures are, how to open the UI.

    Example: herbarium summary
    """
    from pipeline.files import paths
    from pipeline.identity import certificate, receipts
    from pipeline.results import overview as text

    finished.require(paths.METRICS, paths.TRAINING)
    receipts.require()
    certificate.require((paths.METRICS, paths.TRAINING))
    print(text.of_results())
    if _is_of_no_commit(paths.LOCK):
        print("  kept for comparison  once it is committed (git commit --all), before the next run: herbarium runs")


def _is_of_no_commit(path: Path) -> bool:
    from pipeline.process import git

    try:
        return git.is_repository() and bool(git.changed(str(path)))
    except git.GitError:  # a folder it does not trust: there is nothing to advise
        return False


@app.command(rich_help_panel=_RESULTS)
@in_project()
def publish(
    register: Annotated[
        str | None, typer.Option(help="Register the model under this name; champion if significantly better.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Make it the champion whatever the comparison says.")] = False,
) -> None:
    """Complete, or create again, the MLflow run of the results in models/ and reports/.

    Example: herbarium publish --register digits
    """
    if force and register is None:
        raise typer.BadParameter("goes with --register NAME", param_hint="--force")
    from pipeline.files import paths
    from pipeline.filing import current
    from pipeline.identity import receipts
    from pipeline.params import config
    from pipeline.process import verbosity

    params = config.load()
    finished.require(paths.METRICS, paths.TRAINING, paths.MODEL, paths.CLASSES)
    verbosity.begin("showing the results in MLflow")
    if register is not None:
        from pipeline.tracking import registry

        registry.require_name(register)
    receipts.require()
    current.require()
    run_id, sentence = publish_run(params)
    print(sentence)
    if register is None:
        return
    from pipeline.filing import ledger

    looks = {split: ledger.trainings(split=split) for split in ("validation", "test")}
    made = registry.register(params.tracking, run_id, register, force, looks)
    place = "is the champion" if made.champion else "registered, not the champion"
    print(f"{made.name} version {made.version} {place}: {made.reason}")


def publish_run(params: "Params") -> tuple[str, str]:
    """The run's id, and a sentence about it."""
    from pipeline.process import importing

    with importing.uncollected():
        from pipeline.identity import resources
        from pipeline.tracking.publish import publish as publish_run

    trained = _trained_once(params)
    run = publish_run(params, lambda: trained().full, resources.seconds(), lambda: known.familiarity(trained(), params))
    state = "created" if run.created else "complete"
    where = f"MLflow run {run.run_id} in experiment {params.tracking.experiment}"
    return run.run_id, f"{where}: {state}; `make ui` shows it"


def _trained_once(params: "Params") -> Callable[[], "Assembled"]:
    """The trained network, put together the first time it is asked for."""

    @cache
    def trained() -> "Assembled":
        from pipeline.identity import libraries

        libraries.start()
        from pipeline.model import assembly

        return assembly.load_trained(params)

    return trained
