"""What the trained network knows, asked of what the stages have stored for it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.model.assembly import Assembled
    from pipeline.serving.familiarity import Familiarity


def familiarity(trained: "Assembled") -> "Familiarity | None":
    """Of the network in models/model.keras; None, with a note, if what was stored is not here or is too little."""
    from pipeline.serving import knowledge

    return knowledge.familiarity(lambda: _fitted(trained))


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
