"""What the trained network knows: fitted when it is asked or published, from what the stages have stored, and kept.

No stage writes it: it follows from the network and the stored activations, and takes seconds.
"""

from collections.abc import Callable
from pathlib import Path
from zipfile import BadZipFile

from pipeline.files import features_index, paths, records
from pipeline.process import verbosity
from pipeline.process.errors import HerbariumError
from pipeline.serving.familiarity import Familiarity, packed, unpacked

_FORM = 2  # of what is kept; another number when it is fitted in another way
_SPLITS = ("train", "validation")
_WITHOUT = "so nothing is said of images of other kinds"


class OtherImagesError(HerbariumError):
    """What is stored is not what the network was trained with."""


def familiarity(layer: str, fit: Callable[[], Familiarity | None]) -> Familiarity | None:
    """Of the network in models/model.keras, as `fit` found it the first time for this network and these images.

    `layer` is the first of its head. None, with a note, if what was stored is not here, is too little, or if `fit`
    raises OtherImagesError; that it is too little is remembered as well.
    """
    stored = [*map(paths.images, _SPLITS), *map(paths.labels, _SPLITS), paths.VALIDATION_PREDICTIONS]
    away = features_index.missing(_SPLITS) or next((path for path in stored if not path.exists()), None)
    if away:
        verbosity.note(f"{away} is not here, {_WITHOUT}: `dvc repro` or `dvc pull` brings it")
        return None
    try:
        found = _kept(layer, fit)
    except OtherImagesError as error:
        verbosity.note(f"{error}, {_WITHOUT}: `dvc repro` trains it anew")
        return None
    if found is None:
        verbosity.note(f"fewer validation images than a level of 5 % needs (19), {_WITHOUT}")
    return found


def _kept(layer: str, fit: Callable[[], Familiarity | None]) -> Familiarity | None:
    place = _place(layer)
    nothing = place.with_suffix(".nothing")
    if nothing.exists():
        return None
    try:
        return unpacked(place.read_bytes())
    except (OSError, ValueError, KeyError, BadZipFile):  # not there, or damaged
        fitted = fit()
    with records.atomic(place if fitted else nothing) as temporary:
        temporary.write_bytes(packed(fitted) if fitted else b"")
    return fitted


def _place(layer: str) -> Path:
    answers = (paths.VALIDATION_PREDICTIONS, paths.TYPED_VALIDATION_PREDICTIONS)
    decides = (paths.MODEL, *answers, *features_index.files(_SPLITS))
    key = records.digest([_FORM, layer, *(records.file_digest(path) for path in decides if path.exists())])
    return paths.STATE / "familiarity" / f"{key[:16]}.npz"
