"""Reviews and replications in MLflow, and the files of a run that is to be reviewed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mlflow
from mlflow.entities import Metric, Run, RunTag
from mlflow.exceptions import MlflowException

from pipeline.files import paths, records
from pipeline.params.schema import Params, Tracking
from pipeline.process.errors import ConfigError
from pipeline.results.history import Epoch
from pipeline.tracking import address, colours, runs, tags
from pipeline.tracking.store import UPLOAD_SECONDS, Store, connect, conversation

KIND = "kind"  # tag: review | replication; other runs have none
_RESULTS = (paths.METRICS, paths.PREDICTIONS, paths.TYPED_PREDICTIONS)
_FILES = (str(paths.PARAMS), str(paths.LOCK), *(path.as_posix() for path in _RESULTS))


def download(run_id: str, tracking: Tracking, destination: Path) -> dict[str, str]:
    """Copy what a record consists of from a run into the folder `destination`; returns the run's tags.

    Raises ConfigError if there is no such run or it has no results, TrackingUnavailable if MLflow does not answer.
    """
    with conversation(address.tracking_uri(tracking), UPLOAD_SECONDS):
        store = connect(tracking)
        try:
            run = store.client.get_run(run_id)
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                raise ConfigError(f"{run_id}: no such run in {address.redacted(store.uri)}") from None
            raise
        present = [file for file in _FILES if _has(store, run_id, file)]
        if str(paths.PARAMS) not in present:
            raise ConfigError(f"{run_id}: has no {paths.PARAMS} among its artifacts, so it cannot be run again")
        for file in present:
            fetched = mlflow.artifacts.download_artifacts(
                run_id=run_id, artifact_path=file, dst_path=str(destination), tracking_uri=store.uri
            )
            Path(fetched).replace(destination / Path(file).name)
        return dict(run.data.tags)


def log_review(name: str, content: Mapping[str, Any], report: Path, tracking: Tracking) -> None:
    """Show a review as a run of its own; the same review is shown once. `content` is the report's JSON."""
    digest = records.digest(dict(content))
    labels = {"outcome": str(content["outcome"]), tags.NOTE: report.read_text("utf-8")}
    accuracy = f"{content['split']}_accuracy"
    points = [Metric(accuracy, seed[accuracy], 0, step) for step, seed in enumerate(content["seeds"])]
    with conversation(address.tracking_uri(tracking), UPLOAD_SECONDS):
        store = connect(tracking)
        run = _run(store, f"review of {name}", "review", digest)
        runs.log(store, run, labels=labels)
        runs.log(store, run, points=points)
        for file in (report, report.with_suffix(".json")):
            store.client.log_artifact(run.info.run_id, str(file))
        store.client.set_terminated(run.info.run_id, "FINISHED")


class Replication:
    """A replication's run and, below it, one run a seed, or a fold. Opened by the first; asking again changes nothing.

    `over`: seeds | folds. `experiment` names it in MLflow.
    """

    def __init__(self, experiment: str, params: Params, over: str = "seeds") -> None:
        self._experiment, self._params, self._over = experiment, params, over

    def seed(self, params: Params, fingerprint: str, epochs: list[Epoch], values: Mapping[str, float]) -> None:
        """Show one training: its parameters, curve and final `values`. Raises TrackingUnavailable."""
        with conversation(address.tracking_uri(self._params.tracking), UPLOAD_SECONDS):
            store, parent = self._opened()
            parent_id = parent.info.run_id
            run = runs.find(store, fingerprint, parent_id)
            if run and run.info.status == "FINISHED":
                return
            labels = {tags.FINGERPRINT: fingerprint, tags.PARENT: parent_id, tags.STATE: "published"}
            labels |= {**tags.of_user(), **colours.of_next(store, parent_id)}
            run = run or store.client.create_run(store.experiment_id, tags=labels, run_name=runs.name(params))
            _complete(store, run, [*runs.curve(epochs), *runs.figures(values)], runs.parameters(params))

    def finished(self, values: Mapping[str, float], report: Path) -> None:
        """Add the means, standard deviations and the report to the replication's run. Raises TrackingUnavailable."""
        with conversation(address.tracking_uri(self._params.tracking), UPLOAD_SECONDS):
            store, parent = self._opened()
            store.client.log_artifact(parent.info.run_id, str(report))
            _complete(store, parent, runs.figures(values))

    def _opened(self) -> tuple[Store, Run]:
        store = connect(self._params.tracking)
        name = f"{self._over} of {self._params.tracking.experiment}"
        return store, _run(store, name, "replication", f"replication {self._experiment}")


def _complete(store: Store, run: Run, points: list[Metric], params: Mapping[str, str] | None = None) -> None:
    """Add what the run does not have yet, all of it if a process was killed meanwhile, and end it."""
    present = runs.points(store, run, {point.key for point in points})
    runs.log(store, run, params=params, points=runs.missing(points, present))
    store.client.set_terminated(run.info.run_id, "FINISHED")


def _run(store: Store, name: str, kind: str, fingerprint: str) -> Run:
    """The run with this fingerprint, created if it is not there."""
    if existing := runs.find(store, fingerprint):
        return existing
    labels = {tags.FINGERPRINT: fingerprint, KIND: kind, **tags.of_user(), **tags.of_code(), **colours.of_next(store)}
    run = store.client.create_run(store.experiment_id, tags=labels, run_name=name)
    store.client.log_batch(run.info.run_id, tags=[RunTag(tags.STATE, "published")])
    return run


def _has(store: Store, run_id: str, file: str) -> bool:
    folder = str(Path(file).parent) if "/" in file else None
    return file in {entry.path for entry in store.client.list_artifacts(run_id, folder)}
