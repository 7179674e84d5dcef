"""Reads what is on file of a finished run, or lies in the project; refused unless its files agree with each other."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.files import paths, records
from pipeline.filing import consistency, contents, experiments, image_sets, locks, measurements, seed_runs, vouching
from pipeline.filing.record import Record
from pipeline.filing.seeds import experiment_digest
from pipeline.identity import certificate, receipts
from pipeline.params import config
from pipeline.process.errors import DataError
from pipeline.results import seeds
from pipeline.results.seeds import Replicates

ENVIRONMENT, SEEDS, LEDGER = "environment.json", "seeds.json", "ledger.json"
NEEDED = (paths.METRICS, paths.TRAINING)  # of the results in the project
RESOURCES, SWEEP = seed_runs.RESOURCES, "sweep.json"
_OUTPUTS = (paths.METRICS, paths.HISTORY, paths.TRAINING, paths.CURVES_PICTURE, paths.DATASET)
_FIGURES = (paths.METRICS, paths.TRAINING, *seed_runs.TABLES)


def read(folder: Path) -> Record:
    """A record folder. Raises ConfigError or DataError naming a file that is missing or damaged, or contradicts others.

    It may be from elsewhere: nothing in it is run, and nothing outside it is read.
    """
    if not (folder / paths.PARAMS.name).exists():
        raise DataError(f"{folder}: no record; run the experiment and file it with `herbarium record`")
    training = contents.read_training(folder / paths.TRAINING.name)
    ledger = contents.read_json(folder / LEDGER) or {}
    params = config.load(folder / paths.PARAMS.name)
    metrics = contents.read(folder / paths.METRICS.name, consistency.figures)
    run = measurements.in_folder(folder, metrics) if metrics is not None else None
    found = Record(
        params=params,
        metrics=metrics,
        lock=read_lock(folder / paths.LOCK.name),
        predictions=run.predictions.get("test") if run else contents.read_predictions(folder / paths.PREDICTIONS.name),
        environment={**(contents.read_json(folder / ENVIRONMENT) or {}), **training.get("environment", {})},
        typed=contents.read(folder / SEEDS, _typed),
        trainings=contents.read(folder / LEDGER, lambda _: int(ledger["trainings"])),
        test_images=contents.read(folder / LEDGER, lambda _: str(ledger["test_images"])),
        classes=training.get("classes"),
        sweep=contents.read_json(folder / SWEEP),
        resources=contents.read_json(folder / RESOURCES),
        images=contents.read(folder / image_sets.FILE, lambda path: image_sets.from_json(records.read_json(path)))
        or {},
        runs={params.train.seed: run} if run else {},
    )
    consistency.check(found, folder)
    found = _with_seeds(found, folder, training)
    consistency.check_trainings(found, folder / LEDGER)
    return found


def filed(name: str) -> Record:
    """The record of an experiment; see `vouched`."""
    return vouched(experiments.record_folder(name))


def vouched(folder: Path) -> Record:
    """A record folder whose files are those that its own dvc.lock names. Raises as `read`.

    No stage writes environment, ledger, images, resources and sweep: no hash stands behind them.
    """
    found = read(folder)
    vouching.check_files(folder, found.lock, contents.filed(folder, _OUTPUTS, seed_runs.TABLES), _FIGURES)
    vouching.check_parameters(folder, found.lock, config.read_yaml(folder / paths.PARAMS.name))
    return found


def of_results() -> Record:
    """The run whose files are in the project now: `NEEDED` are there."""
    receipts.require()
    certificate.require((paths.METRICS, paths.PREDICTIONS, paths.TRAINING))
    training = contents.read_training(paths.TRAINING)
    found = Record(
        params=config.load(),
        metrics=contents.read(paths.METRICS, consistency.figures),
        lock=read_lock(paths.LOCK),
        predictions=contents.read_predictions(paths.PREDICTIONS),
        environment=training.get("environment", {}),
        test_images=records.file_digest(paths.ids("test")) if paths.ids("test").exists() else None,
        classes=training.get("classes"),
        images=image_sets.of_project(),
    )
    consistency.check(found, paths.REPORTS)
    return found


def exists(name: str) -> bool:
    return (experiments.record_folder(name) / paths.METRICS.name).exists()


def read_lock(path: Path) -> dict[str, Any] | None:
    return locks.checked(config.read_yaml(path), str(path)) if path.exists() else None


def _typed(path: Path) -> Replicates:
    found = seeds.from_json(records.read_json(path))
    consistency.check_fractions(path, [a for s in found.seeds for a in seeds.accuracies(s).values()])
    return found


def _with_seeds(found: Record, folder: Path, training: dict[str, Any]) -> Record:
    """With what the folder has of other seeds, the run's own first."""
    own = found.params.train.seed
    runs = seed_runs.read(folder, found.lock, own)
    if not runs or found.metrics is None or found.lock is None:
        return found
    metrics, name = found.metrics, str(folder / paths.TRAINING.name)
    first = contents.told(lambda content: seed_runs.outcome(own, metrics, content), training, name)
    images = {run.images for run in runs} | {seed_runs.images(metrics)}
    if len(images) > 1:
        raise DataError(f"{folder}: its seeds were measured on other numbers of images: {sorted(images)}")
    every = Replicates(experiment_digest(found.params), *images.pop(), (first, *(run.seed for run in runs)))
    took = {run.seed.seed: run.resources for run in runs if run.resources}
    return replace(found, seed_resources=took).with_seeds(
        every, {run.seed.seed: run.lock for run in runs}, {run.seed.seed: run.measured for run in runs}
    )
