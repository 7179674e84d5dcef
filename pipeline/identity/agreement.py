"""The trained network is of the parameters, the code and the images that are here now.

Its name, the fingerprint in training.json, was made of those it was trained with; dvc.lock names those that DVC met
when the training had ended.
"""

from typing import Any

from pipeline.files import features_index, paths, records
from pipeline.identity import certificate, versions
from pipeline.identity import fingerprint as names
from pipeline.params.schema import Params
from pipeline.process.errors import DataError

_STAGE = "train"
_WRONGLY = (
    f"{paths.LOCK} vouches for parameters, images or code that the network was not trained with, put there as the"
    " training ended; it was cleared of this training"
)


def require_trained(params: Params) -> None:
    """Raise DataError unless models/training.json is of a training with `params` and with what lies here.

    Reads the sections images, backbone, head, train and compute of `params`. Without stored activations, as after
    pulling the model alone, there is nothing to compare with. Where dvc.lock vouches for another training than the one
    that took place, that one's file is removed from DVC's cache as well: `dvc repro` would not train again.
    """
    absent = features_index.missing(names.SPLITS)
    if absent or not (paths.TRAINING.exists() and paths.CLASSES.exists()):
        return
    training = records.read_json(paths.TRAINING)
    if training.get("fingerprint") == _expected(params, training):
        return
    if changed := certificate.stale(_STAGE):
        raise DataError(f"{paths.TRAINING}: {'; '.join(changed)}: run dvc repro to train again")
    certificate.withdraw([paths.TRAINING], f"{paths.TRAINING}: {_WRONGLY}: run dvc repro to train again")


def _expected(params: Params, training: dict[str, Any]) -> str:
    """The fingerprint of a training with `params` and what lies here, in the environment of `training`."""
    classes = records.read_json(paths.CLASSES)
    where = _environment(params, training)
    return names.fingerprint(params, names.training_inputs(params), classes, where, names.training_code())


def _environment(params: Params, training: dict[str, Any]) -> dict[str, str]:
    """That of `training`, its machine left as it was, with the parameters and versions that hold here."""
    was: dict[str, str] = training.get("environment", {})
    packages = {name: version for name, version in versions.recorded().items() if name in was}
    return {**was, **packages, "precision": params.compute.precision, "threads": str(params.compute.threads)}
