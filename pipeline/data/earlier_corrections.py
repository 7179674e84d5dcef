"""What a person has corrected so far, so that a new list of suspected labels loses none of it."""

from collections.abc import Collection, Sequence

from pipeline.data import corrections
from pipeline.data.listing import listed
from pipeline.files import paths, records
from pipeline.process.errors import DataError

_SHOWN = 10


def kept(names: Collection[str], classes: Sequence[str]) -> dict[str, str]:
    """name → class or drop: the corrections in force, and those written into the list that is here, of images `names`.

    Raises DataError if the two contradict each other, or a correction in the list is none.
    """
    force: dict[str, str] = records.read_json(paths.CORRECTIONS) if paths.CORRECTIONS.exists() else {}
    written = corrections.read(paths.SUSPECTED, classes) if paths.SUSPECTED.exists() else {}
    known = {*names, *force}
    written = {name: correction for name, correction in written.items() if name in known}
    other = [name for name in written if force.get(name, written[name]) != written[name]]
    if other:
        lines = [f"{name} is {written[name]} there, and {force[name]} by data.corrections" for name in other]
        what = f"{paths.SUSPECTED} would be written anew, and has other corrections than are in force:"
        raise DataError(
            "\n".join([what, *listed(lines, _SHOWN), "Copy it into data.path and run dvc repro, or remove it."])
        )
    return {**force, **written}
