"""The evaluated network, or one of MLflow's, asked about images."""

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands import finished, known, targets
from pipeline.commands.setup import in_project, prepared

if TYPE_CHECKING:
    from pipeline.serving.classifier import Classifier
    from pipeline.serving.predict import Look

app = typer.Typer()


@app.command(rich_help_panel="Results")
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
    folder = str(Path(model).resolve()) if model and os.path.exists(model) else None  # Path's fails for long URIs
    drawn, asked = picture and picture.absolute(), [file.absolute() for file in files]
    with in_project():
        if drawn:
            targets.require_file(drawn, "--picture", ".png", asked)
        classifier = _classifier(folder or model, false_alarms)
    look = _look(classifier) if why else None
    if asking.show(files, classifier.predict, as_json, picture, look, false_alarms):
        raise typer.Exit(1)


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

        opened = models.opened(uri, config.load().tracking, libraries.start)
        if opened.familiarity is None:
            verbosity.note(f"{uri}: published without what the network knows: nothing is said of images of other kinds")
        known.note_level(opened.familiarity, false_alarms)
        return replace(opened, false_alarms=false_alarms)
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
    classifier = Classifier(trained.full, names, known.familiarity(trained, params), false_alarms)
    known.note_level(classifier.familiarity, false_alarms)
    probe.require_evaluated(classifier.predict, params)
    return classifier
