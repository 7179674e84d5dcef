"""What is done with a finished run: shown, published, asked, built upon."""

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands import finished, known, targets
from pipeline.commands.setup import in_project, prepared

if TYPE_CHECKING:
    from pipeline.model.assembly import Assembled
    from pipeline.params.schema import Params
    from pipeline.serving.classifier import Classifier
    from pipeline.serving.predict import Look

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
def predict(
    images: Annotated[list[str], typer.Argument(help="Image files, folders of them, - for paths on standard input.")],
    model: Annotated[
        str | None, typer.Option(help="An MLflow model, e.g. models:/digits@champion; by default the one trained here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, with all probabilities.")] = False,
    picture: Annotated[Path | None, typer.Option(help="Draw images and answers into this PNG file.")] = None,
    why: Annotated[bool, typer.Option("--why", help="Tint the picture where each class was seen (Grad-CAM).")] = False,
    false_alarms: Annotated[
        float,
        typer.Option(min=0, max=1, help="Share of images as those learned from that may be called none of these."),
    ] = 0.05,
) -> None:
    """Say what is on images, prepared as the pipeline does. Exit code 1 if a file could not be read.

    "none of these" is said of images that are not like those the network has learned from, and a share of others.

    Example: herbarium predict photographs/ --picture answers.png
    """
    if why and picture is None:
        raise typer.BadParameter("goes with --picture FILE", param_hint="--why")
    from pipeline.serving import predict as asking

    files = asking.files(images, sys.stdin)
    folder = str(Path(model).resolve()) if model and Path(model).exists() else None
    drawn, asked = picture and picture.absolute(), [file.absolute() for file in files]
    with in_project():
        if drawn:
            targets.require_file(drawn, "--picture", ".png", asked)
        classifier = _classifier(folder or model, false_alarms)
    look = _look(classifier) if why else None
    if asking.show(files, classifier.predict, as_json, picture, look, false_alarms):
        raise typer.Exit(1)


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


@app.command("export-backbone", rich_help_panel=_RESULTS)
def export_backbone(path: Annotated[Path, typer.Argument(help="Where to write it, ending in .weights.h5.")]) -> None:
    """Write the backbone's weights, as trained, for another experiment's backbone.path.

    Example: herbarium export-backbone my-base.weights.h5
    """
    target = path.absolute()
    with in_project():
        from pipeline.files import paths

        targets.require_file(target, "PATH", ".weights.h5")
        finished.require(paths.MODEL, paths.CLASSES)
        params = prepared()
        from pipeline.identity import certificate
        from pipeline.model import assembly

        certificate.require((paths.MODEL, paths.CLASSES))
        assembly.save_backbone(assembly.load_trained(params), target)
    print(f"wrote {path}")


def publish_run(params: "Params") -> tuple[str, str]:
    """The run's id, and a sentence about it."""
    from pipeline.process import importing

    with importing.uncollected():
        from pipeline.identity import resources
        from pipeline.tracking.publish import publish as publish_run

    trained = _trained_once(params)
    run = publish_run(params, lambda: trained().full, resources.seconds(), lambda: known.familiarity(trained()))
    state = "created" if run.created else "complete"
    where = f"MLflow run {run.run_id} in experiment {params.tracking.experiment}"
    return run.run_id, f"{where}: {state}; `make ui` shows it"


def _look(classifier: "Classifier") -> "Look":
    from pipeline.model import why
    from pipeline.process.errors import DataError

    look = why.looking(classifier.model)
    if look is None:
        raise DataError(f"--why: {classifier.model.name} has no feature map (N, H, W, D): nothing in it knows places")
    return lambda content: look(classifier.prepared(content)[None])[0]


def _classifier(uri: str | None, false_alarms: float) -> "Classifier":
    if uri is not None:
        from pipeline.identity import libraries
        from pipeline.params import config
        from pipeline.process import verbosity

        verbosity.begin(f"loading {uri}")
        from pipeline.tracking import models

        return replace(models.opened(uri, config.load().tracking, libraries.start), false_alarms=false_alarms)
    from pipeline.files import paths
    from pipeline.identity import certificate
    from pipeline.results import classes

    finished.require(paths.MODEL, paths.TRAINING, paths.CLASSES)
    certificate.require((paths.MODEL, paths.TRAINING, paths.CLASSES, paths.PREDICTIONS))
    names = classes.of_model()
    params = prepared()
    from pipeline.model import assembly
    from pipeline.serving import probe
    from pipeline.serving.classifier import Classifier

    trained = assembly.load_trained(params)
    classifier = Classifier(trained.full, names, known.familiarity(trained), false_alarms)
    probe.require_evaluated(classifier.predict, params)
    return classifier


def _trained_once(params: "Params") -> Callable[[], "Assembled"]:
    """The trained network, put together the first time it is asked for."""

    @cache
    def trained() -> "Assembled":
        from pipeline.identity import libraries

        libraries.start()
        from pipeline.model import assembly

        return assembly.load_trained(params)

    return trained
