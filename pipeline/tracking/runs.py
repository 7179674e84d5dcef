"""A run in MLflow: found by its fingerprint, named and described by its parameters, never given a point twice."""

import json
import math
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Any

from mlflow.entities import Metric, Param, Run, RunTag
from pydantic import BaseModel

from pipeline.params.schema import Params
from pipeline.results.history import COLUMNS, Epoch
from pipeline.tracking import colours, tags
from pipeline.tracking.store import Store

EPOCH = "epoch/"  # of an epoch; without it, of the kept model, as in DVC's metrics
CURVES = tuple(EPOCH + column for column in COLUMNS[1:])
_BATCH = 1000  # parameters, tags and metrics of a request together: MLflow's limit
_LARGEST = 1.7976931348623157e308  # how MLflow stores infinity


def find(store: Store, fingerprint: str, parent: str | None = None) -> Run | None:
    """The run with that fingerprint, at the top level or below the run `parent`; None if there is none.

    Of several (two processes began at the same moment) always the same one: a published one, else the oldest.
    """
    alike = store.client.search_runs([store.experiment_id], f"tags.{tags.FINGERPRINT} = '{fingerprint}'")
    candidates = [run for run in alike if run.data.tags.get(tags.PARENT) == parent]
    return min(candidates, key=_unpublished_then_age, default=None)


def _unpublished_then_age(run: Run) -> tuple[bool, int, str]:
    return tags.PUBLISHED not in run.data.tags, run.info.start_time, run.info.run_id


def create(store: Store, fingerprint: str, params: Params, start_time: int | None = None) -> Run:
    """A new run at the top level. `start_time` in milliseconds since 1970; None = now."""
    labels = {tags.FINGERPRINT: fingerprint, **tags.of_user(), **colours.of_next(store)}
    return store.client.create_run(store.experiment_id, start_time=start_time, tags=labels, run_name=name(params))


def log(
    store: Store,
    run: Run,
    params: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    points: Iterable[Metric] = (),
) -> None:
    """Send parameters the run does not have yet, tags, and `points` (which `missing` has gone through).

    An empty tag takes an older one's place and is not sent otherwise: it would be shown.

    MLflow never changes a parameter: with one fingerprint another value is another spelling, and the first stays.
    """
    new = [Param(key, value) for key, value in (params or {}).items() if key not in run.data.params]
    run_tags = [RunTag(key, value) for key, value in (labels or {}).items() if value or key in run.data.tags]
    metrics = list(points)
    first = metrics[: _BATCH - len(new) - len(run_tags)]
    if new or run_tags or first:
        store.client.log_batch(run.info.run_id, params=new, tags=run_tags, metrics=first)
    for start in range(len(first), len(metrics), _BATCH):
        store.client.log_batch(run.info.run_id, metrics=metrics[start : start + _BATCH])


def curve(epochs: Iterable[Epoch]) -> list[Metric]:
    """One point per epoch and column of the history; no learning rate for epoch 0, which does not train."""
    now = int(time.time() * 1000)
    return [
        Metric(EPOCH + column, getattr(epoch, column), now, epoch.epoch)
        for epoch in epochs
        for column in COLUMNS[1:]
        if epoch.epoch or column != "learning_rate"
    ]


def figures(values: Mapping[str, float], step: int = 0) -> list[Metric]:
    """A point of each. Of several at one step MLflow shows the latest, and of one moment the largest."""
    now = int(time.time() * 1000)
    return [Metric(key, float(value), now, step) for key, value in values.items()]


def points(store: Store, run: Run, names: Iterable[str]) -> dict[tuple[str, int], float]:
    """(metric, step) → value for everything the run has of the metrics `names`."""
    known = [name for name in names if name in run.data.metrics]
    history = (metric for name in known for metric in store.client.get_metric_history(run.info.run_id, name))
    return {(metric.key, metric.step): metric.value for metric in history}


def missing(metrics: Iterable[Metric], present: Mapping[tuple[str, int], float]) -> list[Metric]:
    """Those of `metrics` that are not among `present`, or there with another value."""
    return [m for m in metrics if not _same(m.value, present.get((m.key, m.step)))]


def contradicts(metrics: Iterable[Metric], present: Mapping[tuple[str, int], float]) -> bool:
    """True if `present` has one of these points with another value: that run had another outcome."""
    return any((m.key, m.step) in present and not _same(m.value, present[m.key, m.step]) for m in metrics)


def _same(value: float, stored: float | None) -> bool:
    if stored is None or math.isnan(value) or math.isnan(stored):
        return stored is not None and math.isnan(value) and math.isnan(stored)
    return math.isclose(max(-_LARGEST, min(value, _LARGEST)), stored, rel_tol=1e-12)


def close_abandoned(store: Store) -> None:
    """Mark the runs of killed processes KILLED: a process that is killed cannot do it itself."""
    running = f"attributes.status = 'RUNNING' and tags.{tags.STATE} = 'training'"
    for run in store.client.search_runs([store.experiment_id], running):
        if tags.process_died(run.data.tags):
            log(store, run, labels={tags.STATE: "killed", tags.REASON: "the process was killed"})
            store.client.set_terminated(run.info.run_id, "KILLED")


def supersede(store: Store, run: Run) -> None:
    """Keep the run, but under its fingerprint no longer: a repetition had another outcome, which is worth seeing."""
    log(store, run, labels={"superseded_fingerprint": run.data.tags[tags.FINGERPRINT], tags.STATE: "superseded"})
    store.client.delete_tag(run.info.run_id, tags.FINGERPRINT)


def parameters(params: Params) -> dict[str, str]:
    """The parameters worth a column: `train.learning_rate` → "0.001". Left out is what has no effect on this result.

    A mapping whose keys the user chose is one value: MLflow refuses names with a comma, a quote, a parenthesis.
    """
    return {
        key: json.dumps(value, ensure_ascii=False)
        if isinstance(value, (list, dict, bool)) or value is None
        else str(value)
        for key, value in _columns(params, params.model_dump(exclude=_without_effect(params)))
    }


def _columns(section: BaseModel, shown: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted key and value of what is `shown` of a section and of those in it."""
    for name, value in shown.items():
        inner = getattr(section, name)
        if isinstance(inner, BaseModel):
            yield from _columns(inner, value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _without_effect(params: Params) -> dict[str, Any]:
    images, backbone, train = params.images, params.backbone, params.train
    still = not (images.augmentation.views or images.augmentation.on_the_fly)
    unused = set() if images.augmentation.randaugment else {"magnitude"}
    idle = {
        "images": {"augmentation": True if still else unused},
        "backbone": ({"path"} if backbone.weights != "file" else set())
        | ({"layers"} if backbone.name != "convolutions" else set()),
        "train": ({"warmup_learning_rate"} if not train.warmup_epochs else set())
        | ({"weight_decay"} if train.optimizer != "adamw" else set()),
    }
    return {"version": True, "tracking": True, "sweep": True, "data": {"path", "on_bad_image", "allow_leaks"}, **idle}


def name(params: Params) -> str:
    """Short, what differs most often first: `lr1e-4·adam·u3·s1·vgg16` is a learning rate of 1e-4, Adam, three layers
    unfrozen, seed 1, VGG16. MLflow's list of runs shows some twenty letters."""
    train = params.train
    return (
        f"lr{_power(train.learning_rate)}·{train.optimizer}·u{train.unfrozen_layers}·s{train.seed}·{_network(params)}"
    )


def _network(params: Params) -> str:
    backbone = params.backbone
    if backbone.name == "convolutions":
        return "conv" + "-".join(str(layer) for layer in backbone.layers if layer != "pool")
    if backbone.name == "saved":
        return PurePath(backbone.path).stem
    return backbone.name.lower().replace(":/", "-").replace("/", "-")


def _power(value: float) -> str:
    """0.0001 → 1e-4, 0.00032 → 3.2e-4: three significant digits."""
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"
