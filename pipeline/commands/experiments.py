"""Experiments on file. Everything heavy is imported inside the command that needs it."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands import finished
from pipeline.commands.setup import absolute, in_project
from pipeline.process import folder_lock

app = typer.Typer()
_EXPERIMENTS = "Experiments on file"


def names() -> list[str]:
    """For the shell's completion; it must answer while a key is pressed."""
    from pipeline.process import project
    from pipeline.process.errors import HerbariumError

    try:
        return sorted(path.parent.name for path in project.root().glob("experiments/*/params.yaml"))
    except HerbariumError:
        return []


_RECORDED = typer.Argument(help="The experiment that has just run.", autocompletion=names)


@app.command(rich_help_panel=_EXPERIMENTS)
def use(
    name: Annotated[str, typer.Argument(help="A folder of experiments/.", autocompletion=names)],
    data: Annotated[
        Path | None,
        typer.Option(help="Your folder of its images: one folder per class, or with splits; or of the originals."),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(help="Your file of the backbone's weights, or the folder of a KerasHub preset."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite edits that are kept nowhere.")] = False,
) -> None:
    """Put an experiment's params.yaml into place; with --data, its images are those in a folder.

    Splits that the folder has are kept; others are drawn from its training images as published.

    Example: herbarium use tf-flowers-vgg16 --data photographs
    """
    images, file = data and absolute(data), weights and absolute(weights)
    with in_project(), folder_lock.command_alone("herbarium use"):
        _use(name, images, file, force)


def _use(name: str, data: Path | None, weights: Path | None, force: bool) -> None:
    from pipeline.filing import experiments

    changes = {}
    if data or weights:
        from pipeline.data import own_folder

        changes = own_folder.values(experiments.params(name), data, weights, Path().resolve())
    experiments.use(name, force, changes)
    said = "".join(f"\n  {key}: {value}" for key, value in changes.items() if value is not None)
    print(f"params.yaml is {experiments.params_file(name)}{f' with{said}{chr(10)}' if said else '; '}run it: dvc repro")


@app.command("list", rich_help_panel=_EXPERIMENTS)
@in_project()
def list_experiments() -> None:
    """Every experiment: images, reported accuracy, what was measured here, the verdict.

    Exit code 1 if one cannot be read; the others are listed all the same.

    Example: herbarium list
    """
    from pipeline.process import notices, verbosity

    verbosity.begin("reading the experiments on file")
    from pipeline.review import table as results

    text, wrong = results.listing()
    print(text)
    for error in wrong:
        notices.warn(str(error))
    if wrong:
        raise typer.Exit(1)


@app.command(rich_help_panel=_EXPERIMENTS)
@in_project()
def record(
    name: Annotated[str, _RECORDED],
) -> None:
    """File the finished run, and the seeds of `replicate`, as experiments/NAME/record.

    Example: herbarium record digits
    """
    from pipeline.process import notices, verbosity

    verbosity.begin("checking the results before they are filed")
    from pipeline.filing import experiments, readme, writing
    from pipeline.review import cached, repeatability

    experiments.folder(name)  # that there is no such experiment is told first
    finished.require(*writing.NEEDED)
    experiments.require_whole(name)
    folder = writing.file_results(name)
    print(f"filed {folder}, updated {readme.update(name)}; then: herbarium table, and commit")
    for conflict in repeatability.conflicts(cached.folder()):
        notices.warn(str(conflict))


@app.command(rich_help_panel=_EXPERIMENTS)
@in_project()
def images() -> None:
    """Which images are prepared here: a digest of each split by what they show, for `contents` in a claim.yaml.

    Names and formats of files, their order and the names of classes do not enter it.

    Example: herbarium images
    """
    from pipeline.files import paths
    from pipeline.filing import kinship

    finished.require(paths.CLASSES)
    print("\n".join(kinship.prepared()))


@app.command(rich_help_panel=_EXPERIMENTS)
@in_project()
def table(
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit with 1 if the table is stale.")] = False,
) -> None:
    """Write the README's results table from the records, and into the experiments' READMEs how to review them.

    Example: herbarium table --check
    """
    from pipeline.process import notices
    from pipeline.review import table as results

    if not check:
        print("README.md: results table " + ("written" if results.write() else "is up to date"))
    elif stale := results.stale():
        notices.warn(f"{', '.join(map(str, stale))}: not what the records say; run `herbarium table`")
        raise typer.Exit(1)
