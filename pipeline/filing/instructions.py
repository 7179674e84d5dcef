"""The commands that review an experiment: its record may be of images and weights that only its author has."""

from pathlib import Path

from pipeline.filing.record import Record
from pipeline.params.schema import Params

CHECK = "check"
_NO_FOLDER = ("digits", "tfds")  # sources that read no folder of the user's
_OWN = "pipeline"  # weights below it come with the project


def section(name: str, params: Params, found: Record | None) -> str:
    """What the README of experiment `name` says under "Check it". `params`: the experiment's own."""
    substitute = found is not None and found.params.data != params.data
    ran = found.params if found is not None and substitute else params
    options = ["--recorded"] * substitute
    options += [f"--data PATH/TO/{Path(ran.data.path).name}"] * (ran.data.source not in _NO_FOLDER)
    options += [f"--weights PATH/TO/{Path(ran.backbone.path).name}"] * _weights_are_needed(ran)
    command = " ".join(["herbarium verify", name, *options])
    lines = ["```", command, f"{command} --seeds 3", f'{command} --sign "Your Name"', "```"]
    return "\n".join([*lines, *_told(ran, params, substitute)])


def _weights_are_needed(ran: Params) -> bool:
    return ran.backbone.weights == "file" and Path(ran.backbone.path).parts[0] != _OWN


def _told(ran: Params, params: Params, substitute: bool) -> list[str]:
    """Where images and weights come from, a paragraph each."""
    told = []
    if substitute:
        told.append(
            f"The record is of `{ran.data.name}` (source: {ran.data.source}), in place of `{params.data.name}`:"
            " `--recorded` reviews that. Without it the experiment's own images are fetched, of which the record says"
            " nothing."
        )
    if ran.data.source not in _NO_FOLDER:
        told.append("`--data` is the folder of the images; the report says whether they are those on record.")
    if ran.data.source == "tfds":
        told.append(
            "It downloads the images, unless the folder given with `--data` holds the originals that TensorFlow"
            " Datasets would download."
        )
    if _weights_are_needed(ran):
        told.append("`--weights` is the file of the backbone's weights; the report says whether it is that on record.")
    elif ran.backbone.weights == "preset":
        told.append("It downloads the backbone's preset, unless `--weights` gives a folder with it.")
    elif ran.backbone.weights == "imagenet":
        told.append("It downloads the backbone's weights, unless `--weights` gives a file of them.")
    return [line for text in told for line in ("", text)]
