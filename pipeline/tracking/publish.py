"""Makes the run in MLflow complete from the files, as often as asked: the second time there is nothing to do."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
from mlflow.entities import DatasetInput, Metric, Run

from pipeline.files import paths
from pipeline.params.schema import Params
from pipeline.serving.familiarity import Familiarity
from pipeline.tracking import address, datasets, description, results, runs, served_model, tags
from pipeline.tracking.results import Results
from pipeline.tracking.store import UPLOAD_SECONDS, Store, connect, conversation


@dataclass(frozen=True)
class PublishedRun:
    """`url`: the run's page, None if the store is a database. `created`: False if the run was there before."""

    run_id: str
    experiment_id: str
    uri: str
    url: str | None
    created: bool


def publish(
    params: Params,
    build_model: Callable[[], Any],
    seconds: Mapping[str, float] | None = None,
    familiarity: Callable[[], Familiarity | None] = lambda: None,
) -> PublishedRun:
    """Complete or create the run of the experiment whose files are in the working directory.

    `build_model()` gives the full Keras model, uint8 (N, H, W, C) → float32 (N, K); it is called only if the run has no
    model yet, as `familiarity()` is, which gives what lets it tell images of other kinds. `seconds`: what each stage
    took. Raises ResultsError (files missing), ServedModelError,
    TrackingUnavailable. A run with this fingerprint but another curve, or other test images, is kept as superseded.
    """
    finished = results.read()
    code, tested = tags.of_code(), datasets.digest("test")
    uri = address.tracking_uri(params.tracking)
    with conversation(uri):
        store = connect(params.tracking)
        run, created = _opened(store, params, finished, tested)
    with _uploading(store):
        complete = _complete(store, run, code)
    if not complete:
        _fill(store, run, params, finished, code, build_model, familiarity, seconds or {})
    run_id = run.info.run_id
    url = address.run_url(uri, store.experiment_id, run_id)
    return PublishedRun(run_id, store.experiment_id, address.redacted(uri), url, created)


def _opened(store: Store, params: Params, finished: Results, tested: str | None) -> tuple[Run, bool]:
    fingerprint = str(finished.training["fingerprint"])
    run = runs.find(store, fingerprint)
    if run and (
        runs.contradicts(runs.curve(finished.epochs), runs.points(store, run, runs.CURVES))
        or _of_other_test_images(run, params, tested)
    ):
        runs.supersede(store, run)
        run = None
    if run:
        return run, False
    run = runs.create(store, fingerprint, params, start_time=_finished_at())
    store.client.set_terminated(run.info.run_id, "FINISHED", _finished_at())  # nothing runs, whatever happens next
    return run, True


def _of_other_test_images(run: Run, params: Params, tested: str | None) -> bool:
    """Whether the run shows other test images than those of the results: MLflow lets nobody change a parameter or take
    a data set away.

    A data set that is there decides: other words for the same images are no others.
    """
    shown = {tag.value: entry.dataset.digest for entry in run.inputs.dataset_inputs for tag in entry.tags}
    if tested and "test" in shown:
        return bool(shown["test"] != tested)
    told = params.data.splits.test
    return bool(run.data.params.get("data.splits.test", told) != told)


def _finished_at() -> int:
    """Milliseconds since 1970 when the metrics were written; how long it took is known to live runs only."""
    return int(paths.METRICS.stat().st_mtime * 1000)


def _uploading(store: Store) -> AbstractContextManager[None]:
    return conversation(store.uri, UPLOAD_SECONDS, retries=2)


def _complete(store: Store, run: Run, code: dict[str, str]) -> bool:
    """Whether there is nothing to add: MLflow's tables say so, and the files are there, looked at now."""
    unchanged = run.data.tags.get(tags.PUBLISHED) == results.digest(code.values())
    model_id = served_model.logged(store, run)
    return unchanged and model_id is not None and served_model.stored(store, model_id) and _shown(store, run)


def _shown(store: Store, run: Run) -> bool:
    """Whether every file to look at is in the run, whole."""
    files = results.artifacts()
    folders = {folder or None for _, folder in files}
    listed = [entry for folder in folders for entry in store.client.list_artifacts(run.info.run_id, folder)]
    sizes = {entry.path: entry.file_size for entry in listed}
    expected = {f"{folder}/{path.name}".lstrip("/"): path.stat().st_size for path, folder in files}
    return all(sizes.get(name) == size for name, size in expected.items())


def _fill(
    store: Store,
    run: Run,
    params: Params,
    finished: Results,
    code: dict[str, str],
    build_model: Callable[[], Any],
    familiarity: Callable[[], Familiarity | None],
    seconds: Mapping[str, float],
) -> None:
    """What is computed and saved here is so outside of conversations: a fault of that is none of MLflow's."""
    told, labels = runs.parameters(params), tags.of_training(finished.training)
    curve, inputs = runs.curve(finished.epochs), datasets.inputs(params, paths.SPLITS)
    note = description.markdown(params, finished, code)
    with _uploading(store):
        runs.log(store, run, params=told, labels=labels)
        runs.log(store, run, points=runs.missing(curve, runs.points(store, run, runs.CURVES)))
        _log_datasets(store, run, inputs)
        model_id = served_model.whole(store, run)
    if model_id is None:
        with served_model.saved(store, params, finished, build_model, familiarity) as path, _uploading(store):
            model_id = served_model.upload(store, run, path, params)
    outcome = [*outcome_metrics(finished, model_id), *_seconds(seconds)]
    with _uploading(store):
        runs.log(store, run, points=runs.missing(outcome, runs.points(store, run, [metric.key for metric in outcome])))
        for file, folder in results.artifacts():
            store.client.log_artifact(run.info.run_id, str(file), folder or None)
        _finish(store, run, code, note)


def _finish(store: Store, run: Run, code: dict[str, str], note: str) -> None:
    # The mark comes last: a publication that was interrupted is taken up again.
    store.client.set_terminated(run.info.run_id, "FINISHED", run.info.end_time or _finished_at())
    labels = {tags.NOTE: note, tags.STATE: "published", tags.REASON: "", **code}
    runs.log(store, run, labels={**labels, tags.PUBLISHED: results.digest(code.values())})


def _log_datasets(store: Store, run: Run, inputs: Sequence[DatasetInput]) -> None:
    present = {entry.dataset.name for entry in run.inputs.dataset_inputs}
    missing = [entry for entry in inputs if entry.dataset.name not in present]
    if missing:
        store.client.log_inputs(run.info.run_id, missing)


def outcome_metrics(finished: Results, model_id: str) -> list[Metric]:
    """The kept model's numbers, tied to it, under the names they have for DVC.

    MLflow draws a chart of every metric: counts, which are equal in most runs, are in the run's description and tags.
    """
    measured = {key: value for key, value in finished.metrics.items() if isinstance(value, float)}
    values = {**measured, **_class_metrics(finished)}
    now = int(time.time() * 1000)
    return [Metric(key, float(value), now, 0, model_id=model_id) for key, value in values.items()]


def _seconds(stages: Mapping[str, float]) -> list[Metric]:
    now = int(time.time() * 1000)
    return [Metric(f"seconds/{stage}", seconds, now, 0) for stage, seconds in stages.items()]


def _class_metrics(finished: Results) -> dict[str, float]:
    """Mean F1 and lowest recall. A metric for each class would bury the curves: reports/scores.csv has them."""
    scores = [score.f1 for score in finished.scores.values() if score.f1 is not None]
    weakest = description.weakest_class(finished)
    overall = {"test_macro_f1": float(np.mean(scores))} if scores else {}
    return {**overall, **({"test_lowest_recall": weakest[1]} if weakest else {})}
