"""What is kept of a finished run: enough to show it, to compare with it, to tell whether a repetition is equal."""

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import config, paths, records
from pipeline.errors import ConfigError, DataError
from pipeline.predictions import Predictions
from pipeline.review import consistency, contents, experiments, ledger, locks, replicates
from pipeline.review.replicates import Replicates
from pipeline.schema import Params

ENVIRONMENT, SEEDS, LEDGER = "environment.json", "seeds.json", "ledger.json"
COPIED = (paths.PARAMS, paths.LOCK, paths.METRICS, paths.HISTORY, paths.TRAINING, paths.CURVES_PICTURE)
# The images may be others than the experiment names: the same photographs from a folder, for one.
_FREE_SECTIONS = ("data", "tracking", "sweep")


@dataclass(frozen=True)
class Record:
    """A finished run's files, read; what was not kept is None (seeds, predictions, lock, metrics) or empty.

    `trainings`: how many trainings had looked at these test images when it was filed. `classes`: what the network was
    trained for, in order.
    """

    params: Params
    metrics: dict[str, Any] | None
    lock: dict[str, Any] | None
    predictions: Predictions | None
    environment: dict[str, str]
    seeds: Replicates | None = None
    trainings: int | None = None
    classes: list[str] | None = None


def read(folder: Path) -> Record:
    """A record folder. Raises ConfigError or DataError naming a file that is missing or damaged, or contradicts others.

    It may be from elsewhere: nothing in it is run, and nothing outside it is read.
    """
    if not (folder / paths.PARAMS.name).exists():
        raise DataError(f"{folder}: no record; run the experiment and file it with `herbarium record`")
    environment, classes = _training(folder / paths.TRAINING.name)
    found = Record(
        params=config.load(folder / paths.PARAMS.name),
        metrics=contents.read(folder / paths.METRICS.name, consistency.figures),
        lock=read_lock(folder / paths.LOCK.name),
        predictions=contents.read_predictions(folder / paths.PREDICTIONS.name),
        environment=environment,
        seeds=contents.read(folder / SEEDS, _seeds),
        trainings=contents.read(folder / LEDGER, lambda path: int(records.read_json(path)["trainings"])),
        classes=classes,
    )
    consistency.check(found, folder)
    return found


def filed(name: str) -> Record:
    """The record of an experiment, its files those that its own dvc.lock names. Raises as `read`."""
    folder = experiments.record_folder(name)
    found = read(folder)
    outputs = (paths.METRICS, paths.HISTORY, paths.TRAINING, paths.CURVES_PICTURE)
    files = {path.name: (folder / path.name).read_bytes() for path in outputs if (folder / path.name).exists()}
    if found.predictions is not None:
        files[paths.PREDICTIONS.name] = contents.predictions_bytes(folder / paths.PREDICTIONS.name)
    consistency.check_files(folder, found.lock, files)
    return found


def of_results() -> Record:
    """The run whose files are in the project now."""
    if not paths.METRICS.exists():
        raise DataError(f"{paths.METRICS}: not found; nothing has run here yet: run `dvc repro`")
    environment, classes = _training(paths.TRAINING)
    found = Record(
        params=config.load(),
        metrics=contents.read(paths.METRICS, consistency.figures),
        lock=read_lock(paths.LOCK),
        predictions=contents.read_predictions(paths.PREDICTIONS),
        environment=environment,
        classes=classes,
    )
    consistency.check(found, paths.REPORTS)
    return found


def _training(path: Path) -> tuple[dict[str, str], list[str] | None]:
    """The environment and the class names in training.json; empty and None of records without."""

    def read(path: Path) -> tuple[dict[str, str], list[str] | None]:
        content = dict(records.read_json(path))
        return dict(content.get("environment", {})), list(content["classes"]) if "classes" in content else None

    return contents.read(path, read) or ({}, None)


def _seeds(path: Path) -> Replicates:
    found = replicates.from_json(records.read_json(path))
    consistency.check_fractions(path, [a for s in found.seeds for a in replicates.accuracies(s).values()])
    return found


def exists(name: str) -> bool:
    return (experiments.record_folder(name) / paths.METRICS.name).exists()


def read_lock(path: Path) -> dict[str, Any] | None:
    return locks.checked(config.read_yaml(path), str(path)) if path.exists() else None


def file_results(name: str) -> Path:
    """File the project's finished run as experiments/<name>/record; returns the folder.

    Raises ConfigError if params.yaml is not the experiment's (images, and ImageNet's weights, may be from elsewhere),
    DataError if the results are missing or were made with other parameters.
    """
    differing = differences(experiments.params(name), config.load())
    if differing:
        raise ConfigError(
            f"{paths.PARAMS}: differs from {experiments.params_file(name)} in {', '.join(differing)}; a record belongs"
            f" to the experiment's own parameters: `herbarium use {name}`, or change the experiment's"
        )
    _check_results()
    of_results()  # refuses figures that do not follow from the predictions
    folder = experiments.record_folder(name)
    shutil.rmtree(folder, ignore_errors=True)
    for path in COPIED:
        with records.atomic(folder / path.name) as temporary:
            shutil.copyfile(path, temporary)
    contents.write_predictions(paths.PREDICTIONS, folder)
    records.write_json(folder / ENVIRONMENT, _environment())
    records.write_json(folder / LEDGER, {"test_images": ledger.test_images(), "trainings": ledger.trainings()})
    found = replicates.of_project()
    if found:
        records.write_json(folder / SEEDS, replicates.to_json(found))
    return folder


def differences(ours: Params, other: Params) -> list[str]:
    """Dotted keys that decide a result and differ; from where images and ImageNet weights are taken may differ."""
    a, b = (dict(flat(params.model_dump(exclude=set(_FREE_SECTIONS)))) for params in (ours, other))
    free = {"backbone.weights", "backbone.path"} if weights_from_file(ours, other) else set()
    return [key for key in a if a[key] != b[key] and key not in free]


def weights_from_file(ours: Params, other: Params) -> bool:
    """True if `other` reads from a file what `ours` downloads, as a machine without internet must."""
    return (ours.backbone.weights, other.backbone.weights) == ("imagenet", "file")


def flat(section: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """(dotted key, value) of nested sections, in their order."""
    rows: list[tuple[str, Any]] = []
    for key, value in section.items():
        rows += flat(value, f"{prefix}{key}.") if isinstance(value, dict) else [(prefix + key, value)]
    return rows


def _check_results() -> None:
    absent = [str(path) for path in (*COPIED, paths.PREDICTIONS) if not path.exists()]
    if absent:
        raise DataError(f"{', '.join(absent)}: not found; the experiment has not run here: run `dvc repro`")
    lock = read_lock(paths.LOCK) or {}
    for stage, entry in lock["stages"].items():
        for output in entry.get("outs", []):
            path = Path(output["path"])
            if path.is_file() and md5(path) != output["md5"]:
                raise DataError(f"{path}: is not what {paths.LOCK} has for stage {stage}; run `dvc repro`")
    recorded = lock["stages"].get("evaluate", {}).get("params", {}).get(str(paths.PARAMS), {})
    current = config.load().model_dump()
    stale = [key for key, value in recorded.items() if _at(current, key) != value]
    if stale or not recorded:
        what = f"made with other values of {', '.join(stale)}" if stale else "not evaluated"
        raise DataError(f"{paths.LOCK}: the results are {what}; run `dvc repro`")


def _at(content: Mapping[str, Any], key: str) -> Any:
    value: Any = content
    for name in key.split("."):
        value = value[name]
    return value


def md5(path: Path) -> str:
    """What dvc.lock calls a file by."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def _environment() -> dict[str, str]:
    versions: dict[str, str] = records.read_json(paths.VERSIONS)
    return {**versions, **records.read_json(paths.TRAINING)["environment"]}
