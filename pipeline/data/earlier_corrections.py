"""What a person has corrected so far, so that a new list of suspected labels loses none of it."""

from collections.abc import Collection, Sequence

from pipeline.data import corrections
from pipeline.data import names as shown
from pipeline.data.listing import listed
from pipeline.files import paths
from pipeline.process.errors import DataError

_SHOWN = 10


def kept(names: Collection[str], classes: Sequence[str]) -> dict[str, str]:
    """name → class or drop: the corrections in force, and those written into the list that is here, of images `names`.

    Raises DataError if the two contradict each other, or a correction in the list is none, or of an image that is not
    here: of other images, or of these when there were more of them.
    """
    force = corrections.in_force()
    written = corrections.read(paths.SUSPECTED, classes) if paths.SUSPECTED.exists() else {}
    known = {*names, *force}
    elsewhere = [f"{name} is {written[name]} there, and no image here" for name in written if name not in known]
    other = [name for name in written if force.get(name, written[name]) != written[name]]
    _refuse([f"{name} is {written[name]} there, and {force[name]} by data.corrections" for name in other])
    _refuse(elsewhere)
    return {**force, **written}


def _refuse(lost: Sequence[str]) -> None:
    if lost:
        what = f"{paths.SUSPECTED} would be written anew, and has corrections that would be lost:"
        remedy = "Copy it into data.path, set data.corrections to its name and run dvc repro, or remove it."
        raise DataError("\n".join([what, *listed([shown.plain(line) for line in lost], _SHOWN), remedy]))
