"""A sweep in MLflow: one run for the sweep, one nested run for each trial, sent once when the trial has ended.

It is a view, as every run is. The study is the record: what MLflow missed is sent when it answers again, or by the
next `herbarium sweep`.
"""

import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mlflow.entities import DatasetInput, Run

from pipeline.params.schema import Params
from pipeline.plots import style
from pipeline.plots.curves import curves
from pipeline.process import notices
from pipeline.results import objectives
from pipeline.results.objectives import ACCURACY, Objective
from pipeline.results.trials import COMPLETE, FAILED, PRUNED, Trial
from pipeline.tracking import address, colours, datasets, runs, tags
from pipeline.tracking.description import escaped
from pipeline.tracking.spectator import Shown, Spectator
from pipeline.tracking.store import UPLOAD_SECONDS, Store, connect, conversation, every_run

SWEEP = "sweep"  # tag of the sweep's run: the study's name
NUMBER = "trial"
SAME_AS = "same_as"
_ADVICE = "; the sweep goes on and tries again; the next one sends what is missing then"
RETRY_SECONDS = 60  # after a failure, until MLflow is asked again: a dead server takes CONTACT_SECONDS each time
# A pruned trial was stopped on purpose, and MLflow draws KILLED as it draws FAILED; the tag `state` says which it was.
_STATUS = {COMPLETE: "FINISHED", PRUNED: "FINISHED", FAILED: "FAILED"}

# Of the section sweep: what may be another whenever the sweep goes on. MLflow lets nobody change a parameter: tags.
_ALONG_THE_WAY = ("trials", "patience", "failures", "keep_models", "audit_top", "audit_seeds")


class SweepRun:
    """Use as `with SweepRun() as shown:` around a sweep. No method raises; the first failure is told, the others not.

    While MLflow does not answer, trials wait; they are sent when it does, tried once a minute and at the end.
    The sweep's run ends FINISHED/finished, FAILED/failed or KILLED/interrupted; after kill -9 the next training or
    sweep marks it KILLED/killed.
    """

    def __init__(self, warn: Callable[[str], None] = notices.warn) -> None:
        self._spectator = Spectator(warn, retry_seconds=RETRY_SECONDS, advice=_ADVICE)
        self._waiting: list[tuple[Trial, Params]] = []
        self._children: dict[int, Run] = {}
        self._sent: dict[tuple[str, int], float] = {}
        self._best = float("-inf")
        self._began = time.monotonic()
        self._labels: dict[str, str] = {}
        self._inputs: list[DatasetInput] = []

    def started(self, study: str, params: Params, labels: Mapping[str, str] | None = None) -> None:
        """Open the run of that study, or open it again. `labels`: tags that each trial gets as well."""
        self._labels = {**tags.of_machine(), **tags.of_code(), **(labels or {})}
        self._spectator.begin(lambda: self._open(study, params))

    def ended(self, trial: Trial, params: Params) -> None:
        """Show a trial, unless it is there already. `params` are those it ran with."""
        self._waiting.append((trial, params))
        self._spectator.tell(self._show_waiting)

    def finished(
        self,
        labels: Mapping[str, str],
        metrics: Mapping[int | None, Mapping[str, float]],
        folder: Path,
        models: Mapping[int, Path],
        best: Sequence[Trial] = (),
    ) -> None:
        """Add tags and the files of `folder` to the sweep's run, metrics to it (None) and to trials (their numbers), to
        trials their trained part, and to the `best` their curves as a picture."""
        self._spectator.retry_now()
        self._spectator.tell(self._show_waiting)
        self._spectator.tell(
            lambda store, parent: self._complete(store, parent, labels, metrics, folder, models), UPLOAD_SECONDS
        )
        for trial in best:
            notices.or_warn(lambda trial=trial: self._draw(trial))  # type: ignore[misc]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        worked = time.monotonic() - self._began
        self._spectator.leave(kind, error, {tags.STATE: "finished", tags.REASON: ""}, worked)

    def _open(self, study: str, params: Params) -> Shown:
        self._inputs = datasets.inputs(params, ("train", "validation"))  # a sweep reads no test image
        with conversation(address.tracking_uri(params.tracking)):
            store = connect(params.tracking)
            runs.close_abandoned(store)
            parent = _find(store, study) or _create(store, study, params)
            store.client.update_run(parent.info.run_id, "RUNNING")
            runs.log(
                store, parent, params=_parameters(params), labels={**tags.of_beginning(), **_along_the_way(params)}
            )
            self._sent = runs.points(store, parent, list(_by_trial(params)))
            self._children = _children(store, parent)
            return store, parent

    def _show_waiting(self, store: Store, parent: Run) -> None:
        while self._waiting:
            self._show(store, parent, *self._waiting[0])
            del self._waiting[0]

    def _show(self, store: Store, parent: Run, trial: Trial, params: Params) -> None:
        child = self._children.get(trial.number)
        if child is None or child.info.status == "RUNNING":
            self._children[trial.number] = _send(store, parent, child, trial, params, self._labels, self._inputs)
        self._best = max(self._best, trial.score if trial.score is not None else self._best)
        values = dict(zip(_by_trial(params), (trial.score, self._best), strict=True))
        points = runs.figures({k: v for k, v in values.items() if v is not None and v >= 0}, step=trial.number)
        runs.log(store, parent, points=runs.missing(points, self._sent))

    def _complete(
        self,
        store: Store,
        parent: Run,
        labels: Mapping[str, str],
        metrics: Mapping[int | None, Mapping[str, float]],
        folder: Path,
        models: Mapping[int, Path],
    ) -> None:
        runs.log(store, parent, labels=labels)
        for number, values in metrics.items():
            run_id = (parent if number is None else self._children[number]).info.run_id
            run = store.client.get_run(run_id)
            runs.log(store, run, points=runs.missing(runs.figures(values), runs.points(store, run, values)))
        store.client.log_artifacts(parent.info.run_id, str(folder))
        for number, path in models.items():
            store.client.log_artifact(self._children[number].info.run_id, str(path), "trained_part")

    def _draw(self, trial: Trial) -> None:
        """A trial's curves, where MLflow's comparison of runs looks for pictures."""
        with tempfile.TemporaryDirectory() as folder:
            picture = Path(folder, "curves.png")
            style.save(curves(list(trial.epochs), trial.kept_epoch), picture)
            self._spectator.tell(
                lambda store, _: store.client.log_artifact(self._children[trial.number].info.run_id, str(picture)),
                UPLOAD_SECONDS,
            )


def _by_trial(params: Params) -> tuple[str, str]:
    """Metrics whose steps are trials: not under the name of an epochs' curve."""
    return f"trial/{objectives.of(params.sweep).key}", "trial/best_so_far"


def _find(store: Store, study: str) -> Run | None:
    of_study = store.client.search_runs([store.experiment_id], f"tags.{SWEEP} = '{study}'")
    return min(
        (run for run in of_study if tags.PARENT not in run.data.tags), key=lambda r: r.info.start_time, default=None
    )


def _create(store: Store, study: str, params: Params) -> Run:
    labels = {SWEEP: study, tags.FINGERPRINT: study, **tags.of_user(), **colours.of_next(store)}
    return store.client.create_run(store.experiment_id, tags=labels, run_name=f"sweep {study}")


def _children(store: Store, parent: Run) -> dict[int, Run]:
    """Trial number → its run, for all that are there."""
    found = every_run(store, f"tags.`{tags.PARENT}` = '{parent.info.run_id}'")
    return {int(run.data.tags[NUMBER]): run for run in found if NUMBER in run.data.tags}


def _send(
    store: Store,
    parent: Run,
    child: Run | None,
    trial: Trial,
    params: Params,
    labels_of_all: Mapping[str, str],
    inputs: list[DatasetInput],
) -> Run:
    """The whole of a trial. Its status comes last: what was interrupted is still RUNNING and sent again."""
    ended = int(time.time() * 1000)
    began = ended - int(1000 * trial.seconds)
    objective = objectives.of(params.sweep)
    name = f"trial {trial.number} · {runs.name(params)}"
    labels = {**labels_of_all, **_labels(trial, parent, objective)}
    run = child or store.client.create_run(store.experiment_id, began, labels, name)
    if inputs and not run.inputs.dataset_inputs:
        store.client.log_inputs(run.info.run_id, inputs)
    curve = runs.curve(trial.epochs)
    found = {objective.of(ACCURACY): trial.accuracy, objective.key: trial.score}
    outcome = {name: value for name, value in found.items() if value is not None}
    present = runs.points(store, run, [*runs.CURVES, *outcome]) if child else {}
    points = runs.missing([*curve, *runs.figures(outcome)], present)
    runs.log(store, run, params=runs.parameters(params), points=points)
    if trial.traceback:
        store.client.log_text(run.info.run_id, trial.traceback, "traceback.txt")
    store.client.set_terminated(run.info.run_id, _STATUS[trial.state], ended)
    return run


def _labels(trial: Trial, parent: Run, objective: Objective) -> dict[str, str]:
    told = {
        tags.PARENT: parent.info.run_id,
        NUMBER: str(trial.number),
        tags.FINGERPRINT: trial.fingerprint,
        tags.NOTE: _described(trial, parent, objective),
        tags.STATE: trial.state,
        tags.REASON: trial.reason,
        SAME_AS: "" if trial.same_as is None else str(trial.same_as),
    }
    return {**tags.of_user(), **colours.of_number(trial.number), **{k: text for k, text in told.items() if text}}


def _described(trial: Trial, parent: Run, objective: Objective) -> str:
    sweep = f"trial {trial.number} of {parent.info.run_name}"
    if trial.accuracy is None:
        return f"{sweep}, {trial.state}" + (f": {escaped(trial.reason)}" if trial.reason else "")
    kept = "" if objective.folds else f"; epoch {trial.kept_epoch} of {trial.trained_epochs} kept"
    return (
        f"**{objective.said[0].upper()}{objective.said[1:]} {trial.score:.4f}**, {sweep}{kept}."
        f" Take it: `herbarium promote {trial.number}`, then `dvc repro`."
    )


def _along_the_way(params: Params) -> dict[str, str]:
    return {f"sweep.{key}": str(getattr(params.sweep, key)) for key in _ALONG_THE_WAY}


def _parameters(params: Params) -> dict[str, str]:
    sweep = params.sweep.model_dump(exclude=set(_ALONG_THE_WAY))
    space: Iterable[tuple[str, Any]] = sweep.pop("space").items()
    settings = {f"sweep.{key}": str(value) for key, value in sweep.items()}
    return {**settings, **{f"space.{key}": str(entry) for key, entry in space}}
