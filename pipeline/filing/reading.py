"""Reads what is on file of a finished run, or lies in the project; refused unless its files agree with each other."""

from pathlib import Path
from typing import Any

from pipeline.files import paths, records
from pipeline.filing import consistency, contents, experiments, locks
from pipeline.filing.record import Record
from pipeline.identity import certificate
from pipeline.params import config
from pipeline.process.errors import DataError
from pipeline.results import seeds
from pipeline.results.seeds import Replicates

ENVIRONMENT, SEEDS, LEDGER = "environment.json", "seeds.json", "ledger.json"


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
    certificate.require((paths.METRICS, paths.PREDICTIONS, paths.TRAINING))
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
    found = seeds.from_json(records.read_json(path))
    consistency.check_fractions(path, [a for s in found.seeds for a in seeds.accuracies(s).values()])
    return found


def exists(name: str) -> bool:
    return (experiments.record_folder(name) / paths.METRICS.name).exists()


def read_lock(path: Path) -> dict[str, Any] | None:
    return locks.checked(config.read_yaml(path), str(path)) if path.exists() else None
