"""`herbarium start`: from a folder of photographs to an experiment that can be run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands import targets
from pipeline.commands.setup import absolute, in_project, meant, require_apart
from pipeline.process import folder_lock
from pipeline.process.errors import DataError

if TYPE_CHECKING:
    from pipeline.data.survey import Survey

app = typer.Typer()


@app.command(rich_help_panel="Project")
def start(
    folder: Annotated[Path, typer.Argument(help="A folder with one folder of images per class, or with splits.")],
    backbone: Annotated[
        str | None,
        typer.Option(help="A keras.applications network; by default one whose ImageNet weights can be had here."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite edits that are kept nowhere.")] = False,
) -> None:
    """Write params.yaml for a folder of photographs: name, size, splits, network; show the difference, commit nothing.

    Example: herbarium start photographs/
    """
    place = absolute(folder)
    with in_project(), folder_lock.command_alone("herbarium start"):
        _start(place, str(folder), backbone, force)


def _start(folder: Path, typed: str, backbone: str | None, force: bool) -> None:
    """`typed`: what the folder is called from where the user stands, for commands to type there."""
    from pipeline.data import beginning, refusals, survey
    from pipeline.files import paths, records
    from pipeline.filing import experiments
    from pipeline.params import config, own_places
    from pipeline.process import verbosity

    verbosity.say(f"looking at {folder}")
    _require(folder)
    require_apart(folder, "FOLDER", targets.written())
    named, found = own_places.written(folder, Path().resolve()), survey.of(folder)
    print(survey.described(named, found), flush=True)
    if refused := refusals.of_folder(folder):
        raise DataError("\n".join(refused))
    badly_named = refusals.badly_named(folder)
    print("".join(f"{sentence}\n" for sentence in badly_named), end="")
    if not force:
        experiments.require_kept(beginning.command(typed, backbone))
    text = config.read_text(paths.PARAMS)
    network, sentences, to_fetch = _network(text, named, typed, found, backbone)
    new = beginning.of(text, named, found, network)
    if config.read_text(paths.PARAMS) != text:
        raise DataError(f"{paths.PARAMS}: was changed while this looked for weights, and is left so: run this again")
    records.write_text(paths.PARAMS, new.text)
    last = beginning.ending(new.text != text, to_fetch, bool(found.refused or badly_named))
    print("\n".join(line for line in (new.diff, beginning.drawn(found), *sentences, last) if line))


def _require(folder: Path) -> None:
    """Raise DataError if no folder is there, with what was probably meant."""
    if not folder.is_dir():
        found = f"a file at {folder}" if folder.exists() else f"nothing at {folder}{meant(folder)}"
        raise DataError(f"found {found}; needed: a folder with one folder of images per class")


def _network(
    text: str, named: str, typed: str, found: "Survey", asked: str | None
) -> tuple[str | None, list[str], bool]:
    """The published network to take, or None for one from scratch; what there is to say about its weights; and whether
    they have to be fetched by hand."""
    from pipeline.data import beginning
    from pipeline.process import verbosity

    verbosity.say("loading TensorFlow, to see which network's weights can be had here")
    from pipeline.identity import libraries

    libraries.start()
    from pipeline.model import published

    names = [asked] if asked else published.SMALL_FIRST
    name, file, to_be_had = published.first(names, lambda name: beginning.of(text, named, found, name).params.images)
    if file is None or file.path.is_file():
        return name, [f"{name}'s weights are here: {file.path}"] if file else [], False
    if to_be_had:
        return name, [f"{name}'s weights will be downloaded from {file.url}"], False
    advice = published.absent(name, file)
    if asked:
        return name, [advice], True
    sentences = [
        beginning.size(found),
        "this network begins from nothing; one that has seen photographs does better on few images:",
        f"{advice}, then: {beginning.command(typed, name)}",
    ]
    return None, sentences, False
