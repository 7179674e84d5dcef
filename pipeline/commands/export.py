"""The evaluated network, out of the door: in the formats of other runtimes."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.commands.setup import in_project, prepared

app = typer.Typer()


@app.command(rich_help_panel="Results")
def export(
    kind: Annotated[
        Literal["keras", "saved_model", "litert"],
        typer.Option("--format", help="Keras' own file, TensorFlow's folder, or LiteRT in float32, float16 and int8."),
    ],
    to: Annotated[Path | None, typer.Option(help="The folder to write; by default exported/FORMAT.")] = None,
) -> None:
    """Write the evaluated network for other runtimes: from pixels of 0 to 255 to probabilities, class names inside.

    Each file is asked about all test images in its own runtime, and counts only if it says what was evaluated.

    Example: herbarium export --format litert
    """
    given = to and to.absolute()
    with in_project():
        from pipeline.files import paths
        from pipeline.identity import agreement, certificate, receipts
        from pipeline.params import config
        from pipeline.results import predictions
        from pipeline.serving import export as exporting

        folder = exporting.target(given or Path("exported") / kind)
        receipts.require()
        exporting.require_evaluated()
        certificate.require_results()
        certificate.require(exporting.IMAGES)
        agreement.require_trained(config.load())
        evaluated = predictions.read(paths.PREDICTIONS)
        params = prepared()
        from pipeline.model import assembly

        compared = exporting.export(kind, assembly.load_trained(params).full, evaluated, params, folder)
    for line in exporting.lines(to or folder, compared, evaluated):
        print(line)
