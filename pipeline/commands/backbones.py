"""`herbarium backbones`: which network suits these images, by a quick look at each."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands import folder_lock
from pipeline.commands.setup import in_project, prepared
from pipeline.process.errors import ConfigError, HerbariumError, in_one_line

if TYPE_CHECKING:
    import numpy as np

    from pipeline.model.candidates import Candidate
    from pipeline.model.probing import Probed, Sample
    from pipeline.params.images_section import Images
    from pipeline.params.schema import Params

app = typer.Typer()
_COMMAND = "herbarium backbones"
_BEST = "best"
_REASON = 240  # characters


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
        best = _compare(named, images, folds, side).candidate
        if wanted:
            _use(best)
        elif best.values:
            sized = f" --side {side}" if side else ""
            print(f"to use the first: {_COMMAND} --use '{best.name}'{sized}")


def _resolved(text: str) -> str:
    """A candidate whose file is meant from where the user stands."""
    name, found, source = text.partition("=")
    return f"{name}={Path(source).resolve()}" if found and source != "random" else text


def _within(text: str) -> str:
    """Its file as params.yaml names it: from the project's folder, if it is there."""
    name, found, source = text.partition("=")
    root = Path().resolve()
    return f"{name}={Path(source).relative_to(root)}" if found and Path(source).is_relative_to(root) else text


def _one(text: str, side: int | None) -> "Candidate":
    params = prepared()
    from pipeline.model import candidates

    return candidates.of(_within(text), params, side)


def _compare(named: Sequence[str], images: int, folds: int, side: int | None) -> "Probed":
    """Probe all candidates and print the table; returns the first of it."""
    params = prepared()
    import numpy as np

    from pipeline.identity import determinism
    from pipeline.model import linear_probe, probing, ranking
    from pipeline.process import verbosity

    determinism.prepare(params.compute)
    sample = _sample(params, images, folds)
    found, refused = [], list[str]()
    for text, make in _candidates(named, params, side, refused):
        verbosity.say(f"{text}: looking at {len(sample.labels):,} images")
        try:
            found.append(probing.probe(make(), sample))
        except HerbariumError as error:
            refused.append(_reason(text, error))
    if not found:
        raise ConfigError("\n".join(["no backbone could be compared", *refused]))
    order = ranking.ranked(found)
    pixels = sample.pixels(params.images)
    ranking.show(order, probing.held_out(linear_probe.vectors(pixels, np.arange(len(pixels))), sample))
    print("\n".join(f"not compared: {reason}" for reason in refused), end="\n" if refused else "")
    return order[0]


def _reason(text: str, error: HerbariumError) -> str:
    said = in_one_line(error)
    size = " (another size: --side)" if "cannot take these images" in said else ""
    return f"{text}: {said if len(said) <= _REASON else f'{said[:_REASON]}…'}{size}"


def _candidates(
    named: Sequence[str], params: "Params", side: int | None, refused: list[str]
) -> "list[tuple[str, Callable[[], Candidate]]]":
    """The names to compare, each with how to make it; into `refused` goes what could be had on another machine."""
    from pipeline.model import candidates

    texts = [_within(text) for text in named] or _to_be_had(params, refused)
    makers: list[tuple[str, Callable[[], Candidate]]] = []
    if params.backbone.weights != "none":  # random weights are compared only if asked for
        makers.append((params.backbone.name, partial(candidates.present, params, side)))
    return [*makers, *((text, partial(candidates.of, text, params, side)) for text in texts)]


def _to_be_had(params: "Params", refused: list[str]) -> list[str]:
    from pipeline.model import published
    from pipeline.process import verbosity

    verbosity.say("looking for networks whose weights are here or can be downloaded")
    colour = params.images.model_copy(update={"channels": 3})
    found = published.here(colour)
    for name in published.SMALL_FIRST:
        file = None if name in found else published.weights(name, colour)
        if file and not published.downloadable(file):
            refused.append(f"{name}: fetch {file.url} and put it at {file.path}; others can be had the same way")
            break  # without network the next ones cannot be had either
        found += [name] if file else []
    present = params.backbone.name if params.backbone.weights == "imagenet" else None
    return [name for name in found if name != present]


def _sample(params: "Params", images: int, folds: int) -> "Sample":
    import numpy as np

    from pipeline.files import paths, records
    from pipeline.identity import certificate, fingerprint
    from pipeline.model import division, linear_probe
    from pipeline.model.folds import labels_of
    from pipeline.model.probing import Sample
    from pipeline.process.errors import DataError

    needed = [paths.CLASSES, paths.DATASET]
    needed += [file(split) for split in fingerprint.SPLITS for file in (paths.images, paths.labels, paths.ids)]
    if absent := next((path for path in needed if not path.exists()), None):
        raise DataError(f"{absent}: not found; there are no images here yet: run `dvc repro preprocess`")
    certificate.require(needed)
    labels = labels_of(Path())
    chosen = linear_probe.spread(labels, images)
    divided = division.of_project(folds, 1, params.train.seed)
    parts = [tuple(np.flatnonzero(np.isin(chosen, p)) for p in (fold.trained, fold.held_out)) for fold in divided]
    counts = {split: of["images"] for split, of in records.read_json(paths.DATASET)["splits"].items()}
    views = params.images.augmentation.views * counts["train"]
    return Sample(
        pixels=lambda section: _pixels(chosen, section),
        labels=labels[chosen],
        folds=[(fitted, left) for fitted, left in parts if len(fitted) and len(left)],
        classes=len(records.read_json(paths.CLASSES)),
        whole=sum(int(count) for count in counts.values()) + views,
        trained=counts["train"],
    )


def _pixels(chosen: "np.ndarray", section: "Images") -> "np.ndarray":
    """The stored images of these places, uint8 (n, H, W, C), as `section` says: another size is made of them."""
    import numpy as np

    from pipeline.data import images
    from pipeline.files import paths, records
    from pipeline.identity import fingerprint

    splits = [records.read_npy(paths.images(split)) for split in fingerprint.SPLITS]
    first = len(splits[0])
    stored = (splits[0][place] if place < first else splits[1][place - first] for place in chosen)
    converted = (images.convert(np.asarray(image), section.channels) for image in stored)
    wanted = (section.height, section.width)
    return np.stack([image if image.shape[:2] == wanted else images.resize(image, *wanted) for image in converted])


def _use(candidate: "Candidate") -> None:
    from pipeline.data import beginning
    from pipeline.files import paths, records
    from pipeline.params import config, editing

    old = editing.upgraded(config.read_text(paths.PARAMS), str(paths.PARAMS))
    new = editing.with_values(old, {**candidate.values, **_no_deeper(candidate.params)}, str(paths.PARAMS))
    print(beginning.difference(old, new) or "as it is")
    records.write_text(paths.PARAMS, new)
    print(beginning.WRITTEN)


def _no_deeper(params: "Params") -> dict[str, int]:
    """The keys that count layers, where the network has fewer. Raises ConfigError if it cannot take the images."""
    from pipeline.model import backbones as networks

    backbone = params.backbone
    if backbone.weights == "imagenet":
        backbone = backbone.model_copy(update={"weights": "none"})  # they are looked for when they are needed
    layers = len(networks.build(backbone, params.images).layers)
    counts = {
        "backbone.max_unfrozen_layers": params.backbone.max_unfrozen_layers,
        "train.unfrozen_layers": params.train.unfrozen_layers,
    }
    return {key: layers for key, count in counts.items() if count > layers}
