"""The evaluated network, out of the door: in the formats of other runtimes, or as the backbone of others."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.commands import finished, known, targets
from pipeline.commands.setup import in_project, prepared

app = typer.Typer()


@app.command(rich_help_panel="Results")
def export(
    kind: Annotated[
        Literal["keras", "saved_model", "litert", "onnx"],
        typer.Option(
            "--format", help="Keras' own file, TensorFlow's folder, LiteRT in float32, float16 and int8, ONNX in two."
        ),
    ],
    to: Annotated[Path | None, typer.Option(help="The folder to write; by default exported/FORMAT.")] = None,
) -> None:
    """Write the evaluated network for other runtimes: from pixels of 0 to 255 to probabilities, class names inside.

    Each file is asked about all test images in its own runtime, and counts only if it says what was evaluated.

    Example: herbarium export --format litert
    """
    usual = Path("exported") / kind
    given = to and targets.place(to)
    with in_project():
        from pipeline.files import paths
        from pipeline.filing import current
        from pipeline.identity import certificate, receipts
        from pipeline.process import verbosity
        from pipeline.results import predictions
        from pipeline.serving import export as exporting
        from pipeline.serving import onnx_files

        if kind == "onnx":
            onnx_files.require_packages()
        folder = given or targets.place(usual)
        targets.require_folder(folder, "--to")
        exporting.target(folder)
        finished.require(*exporting.NEEDED)
        receipts.require()
        current.require()
        certificate.require(exporting.IMAGES)
        evaluated = predictions.read(paths.PREDICTIONS)
        params = prepared()
        from pipeline.model import assembly

        verbosity.begin("writing, then asking each file about every test image")
        compared = exporting.export(kind, assembly.load_trained(params).full, evaluated, params, folder)
    for line in exporting.lines(to or usual, compared, evaluated):
        print(line)


@app.command("export-backbone", rich_help_panel="Results")
def export_backbone(path: Annotated[Path, typer.Argument(help="Where to write it, ending in .weights.h5.")]) -> None:
    """Write the backbone's weights, as trained, for another experiment's backbone.path.

    Example: herbarium export-backbone my-base.weights.h5
    """
    target = path.absolute()
    with in_project():
        from pipeline.files import paths

        targets.require_file(target, "PATH", ".weights.h5")
        from pipeline.filing import current

        finished.require(paths.MODEL, paths.CLASSES)
        current.require()
        params = prepared()
        from pipeline.model import assembly

        trained = assembly.load_trained(params)
        known.require_evaluated(trained, params)
        assembly.save_backbone(trained, target)
    print(f"wrote {path}")
