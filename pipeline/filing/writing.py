"""Files the project's finished run as the record of an experiment."""

import shutil
from pathlib import Path

from pipeline.files import paths, records
from pipeline.filing import contents, differences, experiments, ledger, reading, seeds
from pipeline.identity import agreement, certificate
from pipeline.params import config
from pipeline.params.keys import at
from pipeline.process.errors import ConfigError, DataError
from pipeline.results import seeds as outcomes

COPIED = (paths.PARAMS, paths.LOCK, paths.METRICS, paths.HISTORY, paths.TRAINING, paths.CURVES_PICTURE)


def file_results(name: str) -> Path:
    """File the project's finished run as experiments/<name>/record; returns the folder.

    Raises ConfigError if params.yaml is not the experiment's (images, and ImageNet's weights, may be from elsewhere),
    DataError if the results are missing or were made with other parameters.
    """
    differing = differences.differences(experiments.params(name), config.load())
    if differing:
        raise ConfigError(
            f"{paths.PARAMS}: differs from {experiments.params_file(name)} in {', '.join(differing)}; a record belongs"
            f" to the experiment's own parameters: `herbarium use {name}`, or change the experiment's"
        )
    _check_results()
    reading.of_results()  # refuses figures that do not follow from the predictions
    folder = experiments.record_folder(name)
    shutil.rmtree(folder, ignore_errors=True)
    for path in COPIED:
        with records.atomic(folder / path.name) as temporary:
            shutil.copyfile(path, temporary)
    contents.write_predictions(paths.PREDICTIONS, folder)
    records.write_json(folder / reading.ENVIRONMENT, _environment())
    records.write_json(folder / reading.LEDGER, {"test_images": ledger.test_images(), "trainings": ledger.trainings()})
    found = seeds.of_project()
    if found:
        records.write_json(folder / reading.SEEDS, outcomes.to_json(found))
    return folder


def _check_results() -> None:
    absent = [str(path) for path in (*COPIED, paths.PREDICTIONS) if not path.exists()]
    if absent:
        raise DataError(f"{', '.join(absent)}: not found; the experiment has not run here: run `dvc repro`")
    lock = reading.read_lock(paths.LOCK) or {}
    certificate.require_results()
    recorded = lock["stages"].get("evaluate", {}).get("params", {}).get(str(paths.PARAMS), {})
    current = config.read_yaml(paths.PARAMS)  # as it is written: so DVC has hashed it
    stale = [key for key, value in recorded.items() if at(current, key) != value]
    if stale or not recorded:
        what = f"made with other values of {', '.join(stale)}" if stale else "not evaluated"
        raise DataError(f"{paths.LOCK}: the results are {what}; run `dvc repro`")
    agreement.require_trained(config.load())


def _environment() -> dict[str, str]:
    versions: dict[str, str] = records.read_json(paths.VERSIONS)
    return {**versions, **records.read_json(paths.TRAINING)["environment"]}
