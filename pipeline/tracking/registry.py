"""The model registry: every registered model is a version, and only one proved better becomes the champion.

The alias `champion` is what others load (`models:/<name>@champion`). It moves to a new version only if that errs less
often on the very same validation images, beyond chance: choosing on test images would spend them. The more trainings
have been looked at on these images, the luckier the best of them is, so their number divides the level (Bonferroni).
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mlflow.entities import Run
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from pipeline.files import paths
from pipeline.params.schema import Tracking
from pipeline.process.errors import ConfigError
from pipeline.results import predictions, statistics, typed_tables
from pipeline.results.predictions import Predictions
from pipeline.tracking import address, served_model, tags
from pipeline.tracking.description import escaped
from pipeline.tracking.store import UPLOAD_SECONDS, Store, connect, conversation

CHAMPION = "champion"
SIGNIFICANCE = 0.05
# Runs that were published before validation predictions were kept have those of the test images.
_TABLES = {
    split: f"reports/{path.name}"
    for split, path in (("validation", paths.VALIDATION_PREDICTIONS), ("test", paths.PREDICTIONS))
}
_FIGURES = ("test_accuracy", "test_accuracy_low", "test_accuracy_high")
_TOLD = (tags.FINGERPRINT, "dataset_digest", tags.COMMIT)
_ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")  # the model; the alias; a run


@dataclass(frozen=True)
class Registration:
    """`champion`: whether this version has the alias now; `reason` says why, in a sentence."""

    name: str
    version: str
    champion: bool
    reason: str


def register(
    tracking: Tracking, run_id: str, name: str, force: bool = False, looks: Mapping[str, int] | None = None
) -> Registration:
    """Register the model of the published run `run_id` under `name`; the second time there is nothing to do.

    `force` moves the alias whatever the comparison says. `looks`: split → how many trainings are known to have been
    measured on its images. Raises ConfigError (the name), TrackingUnavailable.
    """
    require_name(name)
    uri = address.tracking_uri(tracking)
    with tempfile.TemporaryDirectory() as folder:
        with conversation(uri, UPLOAD_SECONDS, retries=2):
            store = connect(tracking)
            version = _version(store, run_id, name)
            champion = _champion(store, name)
            if champion and champion.run_id == version.run_id:  # by another version of it, perhaps: MLflow has several
                return Registration(name, str(champion.version), True, "it already was the champion")
            tables = champion and _tables(store, version, champion, Path(folder))
        better, reason = _verdict(tables, looks or {}) if champion else (True, "there was no champion")
    if better or force:
        with conversation(uri, UPLOAD_SECONDS, retries=2):
            store.client.set_registered_model_alias(name, CHAMPION, version.version)
    return Registration(name, str(version.version), better or force, reason)


def require_name(name: str) -> None:
    """Raise ConfigError if MLflow could not have, or not find again, a registered model of that name."""
    if not name or set(name) & set("/:'"):  # the last would end the name where its versions are searched for
        raise ConfigError(f"--register: found {name!r}; allowed: a name without /, : and ', e.g. digits")


def compared(
    candidate: Predictions, champion: Predictions, split: str = "validation", looks: int = 2
) -> tuple[bool, str]:
    """Whether the candidate is better beyond chance (McNemar 1947, exact), and the sentence saying so.

    At 5 %, divided by the comparisons that `looks` trainings on these images stand for.
    """
    same = candidate.classes == champion.classes and candidate.names == champion.names
    if not same or not (candidate.labels == champion.labels).all():
        return False, f"the champion was measured on other {split} images, so the two cannot be compared"
    p = statistics.mcnemar(candidate.correct, champion.correct)
    scores = [f"{100 * own.correct.mean():.1f} %" for own in (candidate, champion)]
    level = SIGNIFICANCE / max(1, looks - 1)
    better = p < level and bool(candidate.correct.mean() > champion.correct.mean())
    verdict = "better than" if better else "not significantly better than"
    asked = f"McNemar p = {p:.3g}; needed: below {level:.2g}, as {looks} trainings were measured on these images"
    return better, f"{scores[0]} is {verdict} the champion's {scores[1]} on the same {split} images ({asked})"


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
    run = store.client.get_run(run_id)
    model_id = served_model.logged(store, run)
    return store.client.create_model_version(
        name, f"models:/{model_id}", run_id, _labels(run), description=_described(run), model_id=model_id
    )


def _labels(run: Run) -> dict[str, str]:
    """Tags of a version: what tells it from others, of its run's."""
    figures = {name: f"{run.data.metrics[name]:.4f}" for name in _FIGURES if name in run.data.metrics}
    return {**figures, **{name: run.data.tags[name] for name in _TOLD if run.data.tags.get(name)}}


def _described(run: Run) -> str:
    accuracy, low, high = (run.data.metrics.get(name) for name in _FIGURES)
    interval = f" (95 % interval {low:.4f}–{high:.4f})" if low is not None and high is not None else ""
    figure = f"**Test accuracy {accuracy:.4f}**{interval}, of" if accuracy is not None else "Of"
    return f"{figure} run `{escaped(str(run.info.run_name))}` ({run.info.run_id})."


def _champion(store: Store, name: str) -> ModelVersion | None:
    try:
        return store.client.get_model_version_by_alias(name, CHAMPION)
    except MlflowException as error:
        if error.error_code not in _ABSENT:
            raise
        return None


@dataclass(frozen=True)
class _Tables:
    """The files of both runs' predictions for `split`, and how many `versions` the name has."""

    split: str
    candidate: Path
    champion: Path
    versions: int


def _tables(store: Store, version: ModelVersion, champion: ModelVersion, folder: Path) -> _Tables | None:
    """None if one of them has no predictions, as a version that was registered by other means, or whose run is gone."""
    runs = [str(one.run_id) for one in (version, champion)]
    kept = [_reports(store, run) for run in runs]
    split = next((split for split, file in _TABLES.items() if all(file in files for files in kept)), None)
    if split is None:
        return None
    versions = len(store.client.search_model_versions(f"name='{version.name}'"))
    ours, theirs = (
        _downloaded(store, run, _TABLES[split], files, folder / run) for run, files in zip(runs, kept, strict=True)
    )
    return _Tables(split, ours, theirs, versions)


def _reports(store: Store, run_id: str) -> set[str]:
    """The files among a run's reports; none of a run that is not there."""
    try:
        return {entry.path for entry in store.client.list_artifacts(run_id, "reports")}
    except MlflowException as error:
        if error.error_code not in _ABSENT:
            raise
        return set()


def _downloaded(store: Store, run_id: str, file: str, there: set[str], folder: Path) -> Path:
    """A table of a run, and the one with types if it is `there`."""
    folder.mkdir()
    typed = typed_tables.beside(PurePosixPath(file)).as_posix()
    if typed in there:
        store.client.download_artifacts(run_id, typed, str(folder))
    return Path(store.client.download_artifacts(run_id, file, str(folder)))


def _verdict(tables: _Tables | None, looks: Mapping[str, int]) -> tuple[bool, str]:
    if tables is None:
        return (
            False,
            "the predictions of one of them are not in MLflow, so the champion and this one cannot be compared",
        )
    candidate, champion = predictions.read(tables.candidate), predictions.read(tables.champion)
    return compared(candidate, champion, tables.split, max(2, tables.versions, looks.get(tables.split, 0)))
