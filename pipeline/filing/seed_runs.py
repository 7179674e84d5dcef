"""The runs of an experiment's other seeds: what each measured, under the hashes of its own dvc.lock.

`replicate` keeps them in reports/seeds/<seed>/, `record` files them as record/seeds/<seed>/.
"""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.files import folders, paths, records
from pipeline.filing import consistency, contents, locks, measurements, vouching
from pipeline.filing.locks import Lock
from pipeline.identity import resources
from pipeline.params import config
from pipeline.process.errors import DataError
from pipeline.results import history
from pipeline.results.figures import Run
from pipeline.results.seeds import Seed

KEPT = paths.REPORTS / "seeds"
FOLDER = "seeds"
RESOURCES = "resources.json"
_FILES = (paths.LOCK, paths.METRICS, paths.TRAINING)
_VOUCHED = (*_FILES[1:], paths.HISTORY)
TABLES = (paths.PREDICTIONS, paths.VALIDATION_PREDICTIONS)


@dataclass(frozen=True)
class SeedRun:
    """One seed's outcome, on how many validation and test `images`, the lock that vouches for it, and all figures.

    `resources`: stage → what it took, of those that ran for this seed; no hash stands behind it.
    """

    seed: Seed
    images: tuple[int, int]
    lock: dict[str, Any]
    measured: Run
    resources: dict[str, Any]


def keep(run: Path, seed: int, below: Path = KEPT) -> None:
    """Copy what vouches for a seed from the finished `run`, a project's folder, to `below`/<seed>."""
    with folders.replaced(below / str(seed)) as folder:
        for path in (*_FILES, paths.HISTORY):
            shutil.copyfile(run / path, folder / path.name)
        for path in TABLES:
            if (run / path).exists():
                contents.write_predictions(run / path, folder)
        if took := resources.of_run(run):
            records.write_json(folder / RESOURCES, took)


def file(seeds: Iterable[int], main: Lock, record: Path, kept: Path = KEPT) -> None:
    """Copy the kept runs of `seeds`, checked against the `main` run's lock, into a record's folder."""
    for seed in seeds:
        if not (kept / str(seed)).is_dir():
            raise DataError(f"{kept / str(seed)}: not found; run `herbarium replicate` again, then `herbarium record`")
        read_one(kept / str(seed), main, seed)
        shutil.copytree(kept / str(seed), record / FOLDER / str(seed))


def read(record: Path, main: Lock | None, first: int) -> list[SeedRun]:
    """The runs filed with a record, by seed: those after its own seed `first`, none left out.

    Raises DataError, naming file and reason, if one is not what it should be, or two are one training.
    """
    folder = record / FOLDER
    if main is None or not folder.is_dir():
        return []
    names = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))  # .DS_Store
    expected = [str(first + 1 + i) for i in range(len(names))]
    if sorted(expected) != names:
        raise DataError(
            f"{folder}: found {', '.join(names)}; needed: the seeds one after the other, {', '.join(expected)}: who"
            " leaves one out chooses"
        )
    found = [read_one(folder / name, main, int(name)) for name in expected]
    _require_trainings_of_their_own(folder, {first: main} | {run.seed.seed: run.lock for run in found})
    return found


def _require_trainings_of_their_own(folder: Path, seeds: Mapping[int, Lock]) -> None:
    """Other seeds never give the same weights: a training that is copied shows no spread."""
    before: dict[str, int] = {}
    for seed, lock in seeds.items():
        network = locks.outputs(lock).get(paths.MODEL.as_posix())
        if network in before:
            raise DataError(
                f"{folder / str(seed)}: {paths.LOCK.name} names the network of seed {before[network]}: one training,"
                " filed twice; run `herbarium replicate` again, then `herbarium record`"
            )
        before |= {network: seed} if network else {}


def read_one(folder: Path, main: Lock, seed: int) -> SeedRun:
    """A seed's run. Raises DataError unless its files are those its lock names, and all else is the `main` run's."""
    absent = [path.name for path in _FILES if not (folder / path.name).is_file()]
    if absent:
        raise DataError(f"{folder}: {', '.join(absent)}: not found; run `herbarium replicate` again, then record")
    lock = locks.checked(config.read_yaml(folder / paths.LOCK.name), str(folder / paths.LOCK.name))
    vouching.check_files(folder, lock, contents.filed(folder, _VOUCHED, TABLES), TABLES)
    vouching.check_seed(folder, lock, main, seed)
    metrics = contents.read(folder / paths.METRICS.name, consistency.figures) or {}
    training = contents.read_training(folder / paths.TRAINING.name)
    measured = measurements.in_folder(folder, metrics)
    consistency.check_predictions(metrics, measured.predictions["test"], training.get("classes"), folder)
    took = contents.read_json(folder / RESOURCES) or {}
    found = contents.told(lambda content: outcome(seed, metrics, content), training, str(folder / paths.TRAINING.name))
    return SeedRun(found, images(metrics), lock, measured, took)


def outcome(seed: int, metrics: Mapping[str, Any], training: Mapping[str, Any]) -> Seed:
    """From the contents of metrics.json and training.json."""
    return Seed(
        seed,
        str(training["fingerprint"]),
        history.kept_epoch(training),
        metrics["validation_accuracy"],
        metrics["test_accuracy"],
    )


def images(metrics: dict[str, Any]) -> tuple[int, int]:
    """How many validation and test images metrics.json is of."""
    return metrics["validation_images"], metrics["test_images"]
