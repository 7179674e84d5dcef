"""What the trained network knows, asked of what the stages have stored for it."""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.model.assembly import Assembled
    from pipeline.params.schema import Params
    from pipeline.serving.familiarity import Familiarity


def familiarity(trained: "Assembled", params: "Params") -> "Familiarity | None":
    """Of the network in models/model.keras, built of `params`; None, with a note, if what was stored is not here, is of
    other images, or is too little."""
    from pipeline.model import head_inputs
    from pipeline.serving import knowledge

    return knowledge.familiarity(head_inputs.layer(trained), lambda: _fitted(trained, params))


def note_level(found: "Familiarity | None", false_alarms: float) -> None:
    """Say so if fewer false alarms are asked for than what the network knows can tell of."""
    from pipeline.process import verbosity

    if found and 0 < false_alarms < found.finest:
        needed, allowed = math.ceil(1 / false_alarms) - 1, _rounded_up(found.finest)
        verbosity.note(
            f"--false-alarms: found {false_alarms:g}, for which {needed:,} validation images are needed; with"
            f" {len(found.surprises)} no image is called none of these; allowed here: {allowed:g} or more"
        )


def require_evaluated(trained: "Assembled", params: "Params") -> None:
    """Raise ServedModelError unless the network says of a few test images what was evaluated."""
    from pipeline.results import classes
    from pipeline.serving import probe
    from pipeline.serving.classifier import Classifier

    probe.require_evaluated(Classifier(trained.full, classes.of_model()).predict, params)


def _rounded_up(share: float) -> float:
    """To two digits: what is advised is to be allowed."""
    scale: float = 10.0 ** (1 - math.floor(math.log10(share)))
    return math.ceil(share * scale) / scale


def _fitted(trained: "Assembled", params: "Params") -> "Familiarity | None":
    from pipeline.files import paths, records
    from pipeline.identity import fingerprint
    from pipeline.model import head_inputs
    from pipeline.process import verbosity
    from pipeline.results import predictions
    from pipeline.serving import calibration, knowledge

    # A sweep, and whoever looks for wrong labels, bring the images up to date and leave the network as it was.
    if records.digest(fingerprint.training_inputs(params)) != records.read_json(paths.TRAINING)["features_digest"]:
        raise knowledge.OtherImagesError(f"{paths.FEATURES} is of other images than the network was trained with")
    require_evaluated(trained, params)
    verbosity.begin("learning what the network knows, once for each network")
    evaluated = predictions.read(paths.VALIDATION_PREDICTIONS)
    held_out, known = head_inputs.of_split("validation", trained)
    probabilities = evaluated.probabilities[head_inputs.sampled(len(evaluated.labels))]
    return calibration.fit(
        head_inputs.layer(trained),
        *head_inputs.of_split("train", trained),
        calibration.HeldOut(held_out, probabilities, known),
    )
