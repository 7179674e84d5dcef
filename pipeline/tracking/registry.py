"""The model registry: every registered model is a version, and only one proved better becomes the champion.

The alias `champion` is what others load (`models:/<name>@champion`). It moves to a new version only if that errs less
often on the very same test images, beyond chance; an accuracy that is higher by luck moves nothing.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from pipeline.files import paths
from pipeline.params.schema import Tracking
from pipeline.process.errors import ConfigError
from pipeline.results import predictions, statistics
from pipeline.results.predictions import Predictions
from pipeline.tracking import address, served_model
from pipeline.tracking.store import UPLOAD_SECONDS, Store, connect, conversation

CHAMPION = "champion"
SIGNIFICANCE = 0.05
_ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")  # the model; the alias


@dataclass(frozen=True)
class Registration:
    """`champion`: whether this version has the alias now; `reason` says why, in a sentence."""

    name: str
    version: str
    champion: bool
    reason: str


def register(tracking: Tracking, run_id: str, name: str, force: bool = False) -> Registration:
    """Register the model of the published run `run_id` under `name`; the second time there is nothing to do.

    `force` moves the alias whatever the comparison says. Raises ConfigError (the name), TrackingUnavailable.
    """
    if not name or set(name) & set("/:"):
        raise ConfigError(f"--register: found {name!r}; allowed: a name without / and :, e.g. digits")
    uri = address.tracking_uri(tracking)
    with conversation(uri, UPLOAD_SECONDS, retries=2):
        store = connect(tracking)
        version = _version(store, run_id, name)
        champion = _champion(store, name)
        if champion and champion.version == version.version:
            return Registration(name, str(version.version), True, "it already was the champion")
        better, reason = _verdict(store, version, champion)
        if better or force:
            store.client.set_registered_model_alias(name, CHAMPION, version.version)
    return Registration(name, str(version.version), better or force, reason)


def compared(candidate: Predictions, champion: Predictions) -> tuple[bool, str]:
    """Whether the candidate is better beyond chance (McNemar 1947, exact, at 5 %), and the sentence saying so."""
    same = candidate.classes == champion.classes and candidate.names == champion.names
    if not same or not (candidate.labels == champion.labels).all():
        return False, "the champion was tested on other images, so the two cannot be compared"
    p = statistics.mcnemar(candidate.correct, champion.correct)
    scores = [f"{100 * own.correct.mean():.1f} %" for own in (candidate, champion)]
    better = p < SIGNIFICANCE and bool(candidate.correct.mean() > champion.correct.mean())
    verdict = "better than" if better else "not significantly better than"
    return better, f"{scores[0]} is {verdict} the champion's {scores[1]} on the same test images (McNemar p = {p:.3g})"


def _version(store: Store, run_id: str, name: str) -> ModelVersion:
    """The run's version under `name`, created if it has none."""
    try:
        store.client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    present = [v for v in store.client.search_model_versions(f"name='{name}'") if v.run_id == run_id]
    if present:
        return present[0]
    model_id = served_model.logged(store, store.client.get_run(run_id))
    return store.client.create_model_version(name, f"models:/{model_id}", run_id, model_id=model_id)


def _champion(store: Store, name: str) -> ModelVersion | None:
    try:
        return store.client.get_model_version_by_alias(name, CHAMPION)
    except MlflowException as error:
        if error.error_code not in _ABSENT:
            raise
        return None


def _verdict(store: Store, version: ModelVersion, champion: ModelVersion | None) -> tuple[bool, str]:
    if champion is None:
        return True, "there was no champion"
    with tempfile.TemporaryDirectory() as folder:
        tested = [_tested(store, one.run_id, Path(folder) / str(one.version)) for one in (version, champion)]
        return compared(*tested)


def _tested(store: Store, run_id: str, folder: Path) -> Predictions:
    folder.mkdir()
    name = f"reports/{paths.PREDICTIONS.name}"
    return predictions.read(Path(store.client.download_artifacts(run_id, name, str(folder))))
