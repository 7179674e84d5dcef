"""The five stages, composed with what watches them: MLflow and the ledger."""

import importlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.commands import extraction_workers, results
from pipeline.commands.setup import configured, in_project, prepared
from pipeline.process import folder_lock, groups

if TYPE_CHECKING:
    from pipeline.params.schema import Params
    from pipeline.results.history import Epoch

app = typer.Typer()
_STAGES = "Stages (dvc repro runs them)"


@app.command(rich_help_panel=_STAGES)
@in_project()
def fetch() -> None:
    """Bring the images of the source into data/raw.

    Example: herbarium fetch
    """
    _prepare("fetch", needs_tensorflow=False)


@app.command(rich_help_panel=_STAGES)
@in_project()
def preprocess() -> None:
    """Split, check for duplicates and leaks, decode and resize into data/images.

    Example: herbarium preprocess
    """
    _prepare("preprocess", needs_tensorflow=False)


@app.command("extract-features", rich_help_panel=_STAGES)
@in_project()
def extract_features(
    workers: Annotated[
        int,
        typer.Option(
            min=1,
            max=extraction_workers.MOST,
            envvar=extraction_workers.WORKERS,
            help="Processes on this machine; they change no result.",
        ),
    ] = 1,
    scheduler: Annotated[
        str | None,
        typer.Option(envvar=extraction_workers.SCHEDULER, help="A Dask scheduler to send images to: tcp://host:8786."),
    ] = None,
) -> None:
    """Run the frozen part of the network once per image into data/features.

    Example: herbarium extract-features --workers 2
    """
    _prepare("extract-features", elsewhere=lambda params: extraction_workers.of(params, workers, scheduler))


@app.command(rich_help_panel=_STAGES)
@in_project()
def train() -> None:
    """Train the part above the cut into models/; epochs show in MLflow as they end.

    Example: herbarium train
    """
    _begin("train")
    from pipeline.process import importing

    with importing.uncollected():
        from pipeline.identity import guard, resources
        from pipeline.process import verbosity
        from pipeline.stages import train as stage
        from pipeline.tracking.live import Live

    with (
        groups.ending_in_order(),
        folder_lock.stage_alone("train"),
        verbosity.progress(),
        Live() as live,
        guard.guarded("train") as stock,
    ):

        def ended(epoch: "Epoch") -> None:
            live.epoch(epoch)
            guard.look(stock)

        with resources.noted(stock):
            stage.run(stock.params, lambda name: live.started(name, stock.whole), ended)


@app.command(rich_help_panel=_STAGES)
@in_project()
def evaluate() -> None:
    """Measure the trained network on validation and test images, then show the run in MLflow.

    Example: herbarium evaluate
    """
    _begin("evaluate")
    from pipeline.process import importing

    with importing.uncollected():
        from pipeline.filing import ledger
        from pipeline.identity import agreement, guard, resources
        from pipeline.params import upgrades
        from pipeline.process import notices, verbosity
        from pipeline.stages import evaluate as stage

    with folder_lock.stage_alone("evaluate"), guard.guarded("evaluate") as stock:
        agreement.require_trained(stock.whole)
        # A key that nobody uses changes no page: what was filed before it came is still reproduced to the byte.
        used = upgrades.without_unchanged(stock.params.model_dump())
        verbosity.say("evaluate: measuring and drawing")
        with resources.noted(stock):
            stage.run(stock.params, used)
    verbosity.say("evaluate: showing the run in MLflow")
    ledger.note_results()
    notices.or_warn(lambda: results.publish_run(stock.whole))


def _prepare(
    name: str, needs_tensorflow: bool = True, elsewhere: Callable[["Params"], AbstractContextManager[Any]] | None = None
) -> None:
    """A stage whose result is its files, from others of which nobody keeps digests; `elsewhere` gives who computes."""
    _begin(name, needs_tensorflow)
    from pipeline.process import importing

    with importing.uncollected():
        from pipeline.identity import guard, resources
        from pipeline.process import verbosity

        stage = importlib.import_module(f"pipeline.stages.{name.replace('-', '_')}")
    with (
        verbosity.progress(),
        folder_lock.stage_alone(name),
        guard.guarded(name, whole=True) as stock,
        resources.noted(stock),
        elsewhere(stock.whole) if elsewhere else nullcontext() as others,
    ):
        stage.run(stock.params, *([others] if elsewhere else []))


def _begin(name: str, needs_tensorflow: bool = True) -> None:
    from pipeline.process import verbosity

    verbosity.say(f"{name}: loading TensorFlow{'' if needs_tensorflow else ' Datasets'}")
    if needs_tensorflow:
        prepared(said=True)
    else:
        configured()
