"""What the trained network knows: fitted when it is asked or published, from what the stages have stored, and kept.

No stage writes it: it follows from the network and the stored activations, and takes seconds.
"""

from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

if TYPE_CHECKING:
    from pipeline.model.assembly import Assembled
    from pipeline.serving.familiarity import Familiarity

_FORM = 2  # of what is kept; another number when it is fitted in another way
_SPLITS = ("train", "validation")


def familiarity(trained: "Assembled") -> "Familiarity | None":
    """Of the network in models/model.keras; None, with a note, if what was stored is not here or is too little."""
    from pipeline.files import features_index, paths
    from pipeline.process import verbosity

    without = "so nothing is said of images of other kinds"
    stored = [*map(paths.images, _SPLITS), *map(paths.labels, _SPLITS), paths.VALIDATION_PREDICTIONS]
    away = features_index.missing(_SPLITS) or next((path for path in stored if not path.exists()), None)
    if away:
        verbosity.note(f"{away} is not here, {without}: `dvc repro` or `dvc pull` brings it")
        return None
    found = _kept(trained)
    if found is None:
        verbosity.note(f"fewer validation images than a level of 5 % needs (19), {without}")
    return found


def _kept(trained: "Assembled") -> "Familiarity | None":
    """As it was fitted the first time for this network and these images."""
    from pipeline.files import records
    from pipeline.serving.familiarity import packed, unpacked

    place = _place()
    try:
        return unpacked(place.read_bytes())
    except (OSError, ValueError, KeyError, BadZipFile):  # not there, or damaged
        fitted = _fitted(trained)
    if fitted:
        with records.atomic(place) as temporary:
            temporary.write_bytes(packed(fitted))
    return fitted


def _place() -> Path:
    from pipeline.files import features_index, paths, records

    decides = (paths.MODEL, paths.VALIDATION_PREDICTIONS, *features_index.files(_SPLITS))
    key = records.digest([_FORM, *map(records.file_digest, decides)])
    return paths.STATE / "familiarity" / f"{key[:16]}.npz"


def _fitted(trained: "Assembled") -> "Familiarity | None":
    from pipeline.files import paths
    from pipeline.model import head_inputs
    from pipeline.process import verbosity
    from pipeline.results import predictions
    from pipeline.serving import calibration

    verbosity.begin("learning what the network knows, once for each network")
    evaluated = predictions.read(paths.VALIDATION_PREDICTIONS)
    held_out, known = head_inputs.of_split("validation", trained)
    probabilities = evaluated.probabilities[head_inputs.sampled(len(evaluated.labels))]
    return calibration.fit(
        head_inputs.layer(trained),
        *head_inputs.of_split("train", trained),
        calibration.HeldOut(held_out, probabilities, known),
    )
