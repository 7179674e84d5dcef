"""What the trained network knows, asked of what the stages have stored for it."""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.model.assembly import Assembled
    from pipeline.serving.familiarity import Familiarity


def familiarity(trained: "Assembled") -> "Familiarity | None":
    """Of the network in models/model.keras; None, with a note, if what was stored is not here or is too little."""
    from pipeline.serving import knowledge

    return knowledge.familiarity(lambda: _fitted(trained))


def note_level(found: "Familiarity | None", false_alarms: float) -> None:
    """Say so if fewer false alarms are asked for than what the network knows can tell of."""
    from pipeline.process import verbosity

    if found and 0 < false_alarms < found.finest:
        needed = math.ceil(1 / false_alarms) - 1
        verbosity.note(
            f"--false-alarms: found {false_alarms:g}, for which {needed:,} validation images are needed; with"
            f" {len(found.surprises)} no image is called none of these; allowed here: {found.finest:.2g} or more"
        )


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
