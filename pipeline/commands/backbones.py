"""`herbarium backbones`: which network suits these images, by a quick look at each."""

import shlex
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands.setup import in_project, prepared
from pipeline.process import folder_lock
from pipeline.process.errors import ConfigError

if TYPE_CHECKING:
    from pipeline.model.candidates import Candidate
    from pipeline.params.schema import Params
    from pipeline.process.compat.keras_internals import Download

app = typer.Typer()
_COMMAND = "herbarium backbones"
_BEST = "best"


@app.command(rich_help_panel="Project")
def backbones(
    candidate: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME, NAME=FILE, NAME=random, saved=FILE.keras, hub=FOLDER or hub:PRESET, for each; by default all to"
            " be had."
        ),
    ] = None,
    images: Annotated[int, typer.Option(min=20, help="How many images to look at, of all classes.")] = 1000,
    folds: Annotated[int, typer.Option(min=2, help="Of cross-validation.")] = 5,
    side: Annotated[
        int | None, typer.Option(min=1, max=4096, help="Height and width in pixels; by default those of params.yaml.")
    ] = None,
    use: Annotated[
        str | None,
        typer.Option(help="Write this candidate, or best, the first, into params.yaml; show what changes."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="With --use: overwrite edits that are kept nowhere.")] = False,
) -> None:
    """Rank networks on this experiment's own images: a linear probe on the features of each, and what it costs.

    Images of training and validation only are looked at. Weights are those on this machine or that can be downloaded.

    Example: herbarium backbones --candidate VGG16 --candidate ResNet50V2
    """
    named = [_resolved(text) for text in candidate or []]
    wanted = _resolved(use) if use else None
    with in_project(), folder_lock.command_alone(_COMMAND):
        if wanted and not force:
            from pipeline.filing import experiments

            experiments.require_kept()
        if wanted and wanted != _BEST:
            _use(_one(wanted, side))
            return
        best = _compare(named, images, folds, side)
        if wanted:
            _use(best)
        elif best.values:
            sized = f" --side {side}" if side else ""
            typed = {_within(full): text for full, text in zip(named, candidate or [], strict=True)}
            print(f"to use the first: {_COMMAND} --use {shlex.quote(typed.get(best.name, best.name))}{sized}")


def _resolved(text: str) -> str:
    """A candidate whose file is meant from where the user stands."""
    name, found, source = text.partition("=")
    if found and not source:
        raise ConfigError(f"found {text!r}, and nothing after =; allowed: NAME=FILE, NAME=random, or NAME alone")
    return f"{name}={Path(source).resolve()}" if found and source != "random" else text


def _within(text: str) -> str:
    """Its file as params.yaml names it: from the project's folder, if it is there."""
    from pipeline.params import own_places

    name, found, source = text.partition("=")
    return f"{name}={own_places.written(Path(source), Path().resolve())}" if found else text


def _one(text: str, side: int | None) -> "Candidate":
    params = prepared()
    from pipeline.model import candidates

    return candidates.of(_within(text), params, side)


def _compare(named: Sequence[str], images: int, folds: int, side: int | None) -> "Candidate":
    """Probe all candidates and print the table; returns the first of it."""
    params = prepared()
    import numpy as np

    from pipeline.data import stored_images
    from pipeline.identity import determinism
    from pipeline.model import comparison, linear_probe, probe_sample, probing, ranking

    determinism.prepare(params.compute)
    sample = probe_sample.of_project(params, images, folds, partial(stored_images.resized, probe_sample.SPLITS))
    advise = partial(_advice, params, side)
    compared = comparison.compared([_within(text) for text in named], params, side, sample, advise)
    pixels = sample.pixels(params.images)
    ranking.show(compared.found, probing.held_out(linear_probe.vectors(pixels, np.arange(len(pixels))), sample))
    print("\n".join(f"not compared: {reason}" for reason in compared.refused), end="\n" if compared.refused else "")
    return compared.found[0].candidate


def _advice(params: "Params", side: int | None, name: str, file: "Download") -> str:
    """What to fetch for the network `name`: where `herbarium start` made small images for one from scratch, the file
    for the size it would write with that network, as it says itself."""
    from pipeline.data import beginning
    from pipeline.model import published

    edge = None if side else _started_side(params)
    if not edge:
        return published.advice(file)
    images = params.images.model_copy(update={"channels": 3, "height": edge, "width": edge})
    wanted = published.weights(name, images) or file
    fetched = "its weights are here" if wanted.path.is_file() else published.advice(wanted)
    return f"{fetched}, then, for images of {edge} × {edge}: {beginning.command(params.data.path, name)}"


def _started_side(params: "Params") -> int | None:
    from pipeline.data import beginning, survey
    from pipeline.process.errors import DataError

    if params.data.source != "image_folder" or params.backbone.weights != "none":
        return None
    try:
        return beginning.side(survey.of(Path(params.data.path)).side)
    except DataError:  # it was moved since its images were stored
        return None


def _use(candidate: "Candidate") -> None:
    from pipeline.data import beginning, depths
    from pipeline.files import paths, records
    from pipeline.identity import determinism
    from pipeline.model import candidates, published
    from pipeline.params import config, editing

    old = editing.upgraded(config.read_text(paths.PARAMS), str(paths.PARAMS))
    content, weights = config.parse_yaml(old, str(paths.PARAMS)), candidate.params.backbone.weights
    taught = weights != "none" and content["backbone"]["weights"] == "none"
    determinism.prepare(candidate.params.compute)  # a network is built, in the precision it will be used in
    depth = depths.of_another(content, candidates.layers(candidate.params), taught)
    new = editing.with_values(old, {**candidate.values, **depth}, str(paths.PARAMS))
    file = published.missing(candidate.params)
    records.write_text(paths.PARAMS, new)
    changes, name = beginning.difference(old, new), candidate.params.backbone.name
    absent = published.absent(name, file) if file else ""
    print("\n".join(line for line in (changes, absent, beginning.ending(new != old, bool(file))) if line))
