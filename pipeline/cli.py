"""The command line: composes stages with tracking. Everything heavy is imported inside the command that needs it."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.errors import HerbariumError
from pipeline.review import commands as reviewing

if TYPE_CHECKING:
    from pipeline.schema import Params
    from pipeline.serving.predict import Classify

app = typer.Typer(
    help="Reproducible transfer-learning experiments. `dvc repro` runs the pipeline; this command does the rest.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_STAGES = "Stages (dvc repro runs them)"
_SEARCHING = "Searching"
_LOOKING = "Looking"
_KEEPING = "Keeping"
app.add_typer(reviewing.app)


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show what TensorFlow says when it starts.")] = False,
) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "0" if verbose else "3")
    if debug:
        os.environ["HERBARIUM_DEBUG"] = "1"


@app.command(rich_help_panel=_STAGES)
def fetch() -> None:
    """Bring the images of the source into data/raw."""
    _stage("fetch")


@app.command(rich_help_panel=_STAGES)
def preprocess() -> None:
    """Split, check for duplicates and leaks, decode and resize into data/images."""
    _stage("preprocess")


@app.command("extract-features", rich_help_panel=_STAGES)
def extract_features() -> None:
    """Run the frozen part of the network once per image into data/features."""
    _stage("extract-features")


@app.command(rich_help_panel=_STAGES)
def train() -> None:
    """Train the part above the cut into models/; epochs show in MLflow as they end."""
    whole = _prepared()
    from pipeline import config
    from pipeline.stages import train as stage
    from pipeline.tracking.live import Live

    with Live() as live:
        stage.run(config.for_stage("train"), lambda name: live.started(name, whole), live.epoch)


@app.command(rich_help_panel=_STAGES)
def evaluate() -> None:
    """Measure the trained network on validation and test images, then show the run in MLflow."""
    _stage("evaluate")
    from pipeline.review import ledger

    ledger.note_results()
    try:
        _publish()
    except HerbariumError as error:  # the files are the record: a missing view fails nothing
        print(f"warning: {error}", file=sys.stderr)


@app.command(rich_help_panel=_KEEPING)
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
    run_id, sentence = _publish()
    print(sentence)
    if register is None:
        return
    from pipeline import config
    from pipeline.tracking import registry

    made = registry.register(config.load().tracking, run_id, register, force)
    place = "is the champion" if made.champion else "registered, not the champion"
    print(f"{made.name} version {made.version} {place}: {made.reason}")


@app.command(rich_help_panel=_LOOKING)
def summary() -> None:
    """What the last run found: accuracy with its interval, where the pictures are, how to open the UI."""
    from pipeline import summary as text

    print(text.of_results())


@app.command(rich_help_panel=_LOOKING)
def predict(
    images: Annotated[list[str], typer.Argument(help="Image files, folders of them, - for paths on standard input.")],
    model: Annotated[
        str | None, typer.Option(help="An MLflow model, e.g. models:/digits@champion; by default the one trained here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, with all probabilities.")] = False,
    picture: Annotated[Path | None, typer.Option(help="Draw images and answers into this PNG file.")] = None,
) -> None:
    """Say what is on images, prepared as the pipeline does. Exit code 1 if a file could not be read.

    Example: herbarium predict photographs/ --picture answers.png
    """
    from pipeline.serving import predict as asking

    files = asking.files(images, sys.stdin)
    if asking.show(files, _classifier(model), as_json, picture):
        raise typer.Exit(1)


@app.command(rich_help_panel=_LOOKING)
def cuts() -> None:
    """Where the backbone of params.yaml can be cut, and what each cut costs."""
    params = _prepared()
    from pipeline import reproducibility
    from pipeline.model import costs

    reproducibility.prepare(params.compute)
    costs.print_table(params)


@app.command(rich_help_panel=_LOOKING)
def ui() -> None:
    """Open the MLflow UI of this project on 127.0.0.1 at a free port; Ctrl-C stops it."""
    from pipeline.tracking import ui as server

    raise typer.Exit(server.main())


@app.command("export-backbone", rich_help_panel=_KEEPING)
def export_backbone(path: Annotated[Path, typer.Argument(help="Where to write it, ending in .weights.h5.")]) -> None:
    """Write the backbone's weights, as trained, for another experiment's backbone.path.

    Example: herbarium export-backbone my-base.weights.h5
    """
    params = _prepared()
    from pipeline.model import assembly

    assembly.save_backbone(assembly.load_trained(params), path)
    print(f"wrote {path}")


@app.command(rich_help_panel=_KEEPING)
def check() -> None:
    """Check params.yaml, whole; dvc repro does it before any work too."""
    from pipeline import config
    from pipeline.sweep import space

    space.of(config.load())
    print("params.yaml is in order")


@app.command(rich_help_panel=_KEEPING)
def versions(
    write: Annotated[bool, typer.Option("--write", help="Take the installed versions into the cache key.")] = False,
) -> None:
    """Versions of the packages that decide results: those installed against those the cache key names."""
    from pipeline import reproducibility

    recorded = reproducibility.write_versions() if write else reproducibility.recorded_versions()
    installed = reproducibility.installed_versions(recorded)
    for package, version in recorded.items():
        print(
            f"{package:20} {version:10} {'' if installed[package] == version else f'installed: {installed[package]}'}"
        )


_STORAGE = typer.Option(
    envvar="OPTUNA_STORAGE", help="Where the study is: an SQLAlchemy URL.", show_default="optuna.db in the project"
)


@app.command(rich_help_panel=_SEARCHING)
def sweep(
    trials: Annotated[int | None, typer.Option(min=1, help="Trials in total.", show_default="sweep.trials")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes on this machine; they change no result.")] = 1,
    storage: Annotated[str | None, _STORAGE] = None,
    scheduler: Annotated[str | None, typer.Option(help="A Dask scheduler to send trials to: tcp://host:8786.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the summary only.")] = False,
) -> None:
    """Search for parameters with a higher validation accuracy; run again, it goes on where it was.

    Example: herbarium sweep --trials 40 --workers 2
    """
    params = _configured()
    from pipeline.sweep import command, coordinator, space

    space.of(params)
    command.bring_features_up_to_date(quiet)
    print(command.run(coordinator.plan(params, storage, trials), workers, scheduler, quiet))


@app.command(rich_help_panel=_SEARCHING)
def promote(
    trial: Annotated[str, typer.Argument(help="best, or the number of a trial.")] = "best",
    storage: Annotated[str | None, _STORAGE] = None,
) -> None:
    """Write what a trial of the sweep tried into params.yaml; `dvc repro` then gives its validation accuracy.

    Example: herbarium promote best && dvc repro
    """
    from pipeline import config
    from pipeline.sweep import coordinator
    from pipeline.sweep import promote as promotion

    print(promotion.promote(coordinator.plan(config.load(), storage, create=False), trial))


def _prepared() -> "Params":
    """As `_configured`, with TensorFlow imported after everything else has been checked."""
    from pipeline import quiet

    params = _configured()
    quiet.start_tensorflow()
    return params


def _configured() -> "Params":
    """The whole of params.yaml, and its backbone brought from MLflow."""
    from pipeline import config

    params = config.load()
    if ":/" in params.backbone.name and params.backbone.saved_at and not params.backbone.saved_at.exists():
        from pipeline.tracking import backbone

        backbone.download(params.backbone.name, params.backbone.saved_at, params.tracking)
    return params


def _stage(name: str) -> None:
    import importlib

    from pipeline import config

    _prepared()
    importlib.import_module(f"pipeline.stages.{name.replace('-', '_')}").run(config.for_stage(name))


def _publish() -> tuple[str, str]:
    """The run's id, and a sentence about it."""
    from pipeline import config
    from pipeline.tracking.publish import publish as publish_run

    params = config.load()
    run = publish_run(params, _model_builder(params))
    state = "created" if run.created else "complete"
    where = f"MLflow run {run.run_id} in experiment {params.tracking.experiment}"
    return run.run_id, f"{where}: {state}; `make ui` shows it"


def _classifier(uri: str | None) -> "Classify":
    if uri is not None:
        from pipeline import config, quiet

        quiet.start_tensorflow()
        from pipeline.tracking import models

        return models.load(uri, config.load().tracking)
    from pipeline import classes

    names = classes.of_model()
    params = _prepared()
    from pipeline.model import assembly
    from pipeline.serving.classifier import Classifier

    return Classifier(assembly.load_trained(params).full, names).predict


def _model_builder(params: "Params") -> Callable[[], Any]:
    def build() -> Any:
        from pipeline import quiet

        quiet.start_tensorflow()
        from pipeline.model import assembly

        return assembly.load_trained(params).full

    return build


def main() -> None:
    """Entry point: errors a user can act on are one message and exit code 1; --debug shows where they come from."""
    try:
        app()
    except HerbariumError as error:
        if os.environ.get("HERBARIUM_DEBUG"):
            raise
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
