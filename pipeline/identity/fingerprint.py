"""The name of a training result: equal fingerprints mean equal bits, so all that decides them is in it.

Paths, tracking, wording and the test images are not: they decide nothing about a training.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.files import features_index, paths, records
from pipeline.identity import code as code_of
from pipeline.identity.environment import environment as environment_of

if TYPE_CHECKING:
    from pipeline.params.schema import Params

SPLITS = ("train", "validation")  # what a training reads
_STAGE = "train"


def of_project(params: Params, root: Path = Path()) -> str:
    """The fingerprint a training with `params` has in the project at `root`, with the code here, on this machine.

    Reads classes.json and what extract-features says of the images that training reads.
    """
    return records.digest(parts_of_project(params, root))


def parts_of_project(params: Params, root: Path = Path()) -> dict[str, Any]:
    """What that fingerprint is made of."""
    classes, around = records.read_json(root / paths.CLASSES), environment_of(params.compute)
    return _parts(params, training_inputs(params, root), classes, around, training_code())


def fingerprint(
    params: Params, inputs: Mapping[str, Any], classes: Sequence[str], environment: Mapping[str, str], code: str
) -> str:
    """The name of the training of `params`, hexadecimal, from all that decides its result.

    `inputs` are the `training_inputs`, `classes` the names of the classes in their order; `environment` and `code` are
    those of the training, which models/training.json keeps.
    """
    return records.digest(_parts(params, inputs, classes, environment, code))


def _parts(
    params: Params, inputs: Mapping[str, Any], classes: Sequence[str], environment: Mapping[str, str], code: str
) -> dict[str, Any]:
    sections = {"images": {"scale", "augmentation"}, "backbone": True, "head": True, "train": True}
    return {
        "parameters": params.hashed(include=sections, exclude={"backbone": {"path"}}),
        "inputs": inputs,
        "classes": list(classes),
        "environment": environment,
        "code": code,
    }


def training_inputs(params: Params, root: Path = Path()) -> dict[str, Any]:
    """What extract-features says of the images that training reads, and what their changes on the fly follow from.

    Raises FileNotFoundError if it did not run here.
    """
    found = features_index.read(SPLITS, root)
    if params.images.augmentation.on_the_fly:
        tables = {split: records.read_csv(root / paths.ids(split)) for split in SPLITS}
        found["contents"] = {split: records.digest([row["sha256"] for row in rows]) for split, rows in tables.items()}
    return found


def training_code() -> str:
    """The digest of the code that trains."""
    return code_of.digest(_STAGE)
