"""Files the project's finished run as the record of an experiment."""

import shutil
from pathlib import Path
from typing import Any

from pipeline.files import folders, paths, records
from pipeline.filing import (
    contents,
    current,
    differences,
    environment,
    experiments,
    image_sets,
    ledger,
    looked,
    measurements,
    pictures,
    reading,
    readme,
    seed_runs,
    seeds,
    sweeps,
)
from pipeline.identity import certificate, resources
from pipeline.params import config
from pipeline.process.errors import ConfigError, DataError
from pipeline.results.seeds import Replicates

COPIED = (
    *(paths.PARAMS, paths.LOCK, paths.METRICS, paths.HISTORY, paths.TRAINING, paths.CURVES_PICTURE),
    paths.DATASET,  # how many images of which class, duplicates, labels that contradict
)
NEEDED = (*COPIED, *measurements.TABLES.values())


def file_results(name: str) -> Path:
    """File the project's finished run, of which `NEEDED` are there, as experiments/<name>/record; returns the folder.

    Raises ConfigError if params.yaml is not the experiment's (images and weights may be from elsewhere),
    DataError if the results were made with other parameters, or the record has more seeds than are here.
    """
    differing = differences.differences(experiments.params(name), config.load())
    if differing:
        raise ConfigError(
            f"{paths.PARAMS}: differs from {experiments.params_file(name)} in {', '.join(differing)}; a record belongs"
            f" to the experiment's own parameters: `herbarium use {name}`, or change the experiment's"
        )
    readme.check(name)
    _check_results()
    results = reading.of_results()  # refuses figures that do not follow from the predictions
    found = seeds.of_project()
    _require_as_many_seeds(experiments.record_folder(name) / seed_runs.FOLDER, found)
    with folders.replaced(experiments.record_folder(name)) as folder:
        for path in COPIED:
            shutil.copyfile(path, folder / path.name)
        for table in measurements.TABLES.values():
            contents.write_predictions(table, folder)
        records.write_json(folder / reading.ENVIRONMENT, _environment())
        records.write_json(folder / reading.LEDGER, _looks(found))
        records.write_json(folder / image_sets.FILE, image_sets.as_json(results.images))
        pictures.write(folder)
        main = reading.read_lock(paths.LOCK) or {"stages": {}}
        _write_provenance(folder, experiments.record_folder(name))
        if found:
            seed_runs.file([seed.seed for seed in found.seeds[1:]], main, folder)
        reading.vouched(folder)
    return experiments.record_folder(name)


def _require_as_many_seeds(filed: Path, found: Replicates | None) -> None:
    """Raise DataError if `filed`, a record's folder of other seeds, has more than `found`: each took a training."""
    before = 1 + len([path for path in filed.glob("[0-9]*") if path.is_dir()])
    here = len(found.seeds) if found else 1
    if here < before:
        raise DataError(
            f"{filed}: with the run's own the record has {before} seeds, of which filing this run would leave {here}:"
            f" {seeds.REPORT} has no more of this network. Run `herbarium replicate --seeds {before}`, then record; or"
            " remove that folder"
        )


def _looks(found: Replicates | None) -> dict[str, Any]:
    """How many trainings looked at the test images; results that were pulled, or outlived the ledger, are noted."""
    seeds = [seed.fingerprint for seed in found.seeds] if found else []
    images = ledger.images_of("test")
    ledger.note(images, str(records.read_json(paths.TRAINING)["fingerprint"]), *seeds)
    return {"test_images": images, "trainings": looked.on_test(images)}


def _write_provenance(folder: Path, before: Path) -> None:
    """What the run took, and the sweep it is a trial of, where there is one: here, or as the record `before` has it."""
    if took := resources.of_run():
        records.write_json(folder / reading.RESOURCES, took)
    training, metrics = records.read_json(paths.TRAINING), records.read_json(paths.METRICS)
    if sweep := sweeps.behind(training, metrics) or _swept_before(before, training):
        records.write_json(folder / reading.SWEEP, sweep)


def _swept_before(record: Path, training: dict[str, Any]) -> Any:
    """What a record of the same training has of its sweep, which may have been elsewhere, or before another one."""
    try:
        before, sweep = (contents.read_json(record / name) for name in (paths.TRAINING.name, reading.SWEEP))
    except DataError:  # a damaged record is mended by filing it again
        return None
    return sweep if before and before.get("fingerprint") == training["fingerprint"] else None


def _check_results() -> None:
    if "evaluate" not in certificate.stages():
        raise DataError(f"{paths.LOCK}: the results are not evaluated; run `dvc repro`")
    current.require()


def _environment() -> dict[str, str]:
    return environment.of_run(paths.VERSIONS, records.read_json(paths.TRAINING)["environment"])
