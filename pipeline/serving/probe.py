"""The network in use is the one that was evaluated: asked about test images, it says what predictions.csv says."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pipeline.files import paths, records
from pipeline.params.schema import Params
from pipeline.process.errors import HerbariumError
from pipeline.results import predictions

Predict = Callable[[Any], list[dict[str, Any]]]
PROBE_IMAGES = 32
_FEW_IMAGES = 4


class ServedModelError(HerbariumError):
    """The model in use does not predict what was evaluated."""


def tolerance(params: Params) -> float:
    """Largest difference of a probability that rounding explains: images meet in other batches, on another CPU even."""
    if params.compute.precision == "bfloat16":
        return 0.05
    return 0.005 if params.compute.storage == "float16" else 1e-4


def check(
    what: str, predict: Predict, classes: Sequence[str], probabilities: np.ndarray, allowed: float, most: int
) -> None:
    """Raise ServedModelError, calling it `what`, unless `predict` gives the first rows of `probabilities`, (N, K).

    They are of the test images and of the K `classes`, in that order; `most` of them are looked at. `predict`: images
    uint8 (H, W, C) → answers, as `classifier.Classifier.predict`.
    """
    images = [np.array(image) for image in records.read_npy(paths.images("test"))[:most]]
    answers = predict(images)
    named = {name for answer in answers for name in answer["probabilities"]}
    if named != set(classes):
        raise ServedModelError(f"{what} names {sorted(named)}, {paths.PREDICTIONS} has {sorted(classes)}")
    served = np.array([[answer["probabilities"][name] for name in classes] for answer in answers])
    worst = float(np.max(np.abs(served - probabilities[: len(images)])))
    if not worst <= allowed:
        raise ServedModelError(
            f"{what} differs from {paths.PREDICTIONS} by {worst:.2g} in a probability; allowed: {allowed:g}."
            f" {paths.PARAMS}, {paths.MODEL} and the reports are not of one training: run `dvc repro`"
        )


def require_evaluated(predict: Predict, params: Params) -> None:
    """`check` of the project's own network on a few images; without an evaluation there is nothing to compare with."""
    if paths.PREDICTIONS.exists() and paths.images("test").exists():
        found = predictions.read(paths.PREDICTIONS)
        check(str(paths.MODEL), predict, found.classes, found.probabilities, tolerance(params), _FEW_IMAGES)
