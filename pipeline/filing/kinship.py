"""Whether images are those a claim is about: told by what they show, where the claim says it, else by their source.

A published figure may be of an official split, or of a draw from a known collection that nobody can repeat.
"""

from collections.abc import Mapping
from enum import StrEnum

from pipeline.files import paths
from pipeline.filing import claims, experiments, image_sets
from pipeline.filing.claims import Claim
from pipeline.filing.image_sets import ImageSet
from pipeline.filing.record import Record
from pipeline.params.schema import Params
from pipeline.process import notices
from pipeline.process.errors import ConfigError, DataError


class Kinship(StrEnum):
    OFFICIAL = "official"  # the very images
    COLLECTION = "same collection"  # another draw from it
    OTHER = "other"


def of(
    claim: Claim, named: Params, ran: Params, images: Mapping[str, ImageSet], measured: int | None = None
) -> Kinship:
    """Of a run of `ran` on `images` (split → what they show; empty if it is not known), for a claim of `named`.

    `measured`: how many the run's figure is of, if it is known: other numbers are never of the very images.
    """
    from_there = same_source(named, ran)
    known = {split: images[split].digest == digest for split, digest in claim.contents.items() if split in images}
    if not all(known.values()) or not (known or from_there):
        return Kinship.OTHER
    as_many = measured is None or claim.n in (None, measured)
    very = claim.images == "same" and (claim.split in known or (from_there and as_many))
    return Kinship.OFFICIAL if very else Kinship.COLLECTION


def of_record(claim: Claim, named: Params, found: Record) -> Kinship:
    """Of the run on record, for a claim of `named`."""
    measured = found.measured(claim.split)
    return of(claim, named, found.params, found.images, measured.images if measured else None)


def same_source(first: Params, second: Params) -> bool:
    """Whether two take the same images; TensorFlow Datasets checks what it reads, wherever that lies."""
    free = {"path"} if first.data.source == "tfds" else set()
    return first.data.model_dump(exclude=free) == second.data.model_dump(exclude=free)


def prepared() -> list[str]:
    """A line for each split that is prepared in the project, and which claims say that these are its official images.

    Raises DataError if nothing is prepared.
    """
    found = image_sets.of_project()
    if not found:
        raise DataError(f"{paths.IMAGES}: not found; nothing is prepared here yet: run `dvc repro`")
    declared = _declared()
    lines = []
    for split, one in found.items():
        names = [name for name, contents in declared.items() if contents.get(split) == one.digest]
        known = f"  (the official ones of {', '.join(names)})" if names else ""
        lines.append(f"{split}: {one.digest}  {one.images:,} images{known}")
    return lines


def _declared() -> dict[str, Mapping[str, str]]:
    """Experiment → the `contents` of its claim; of a claim that cannot be read is warned."""
    found = {}
    for name in experiments.names():
        try:
            found[name] = claims.read(experiments.claim_file(name)).contents
        except ConfigError as error:
            notices.warn(str(error))
    return found
