"""The seeds of the project's experiment: reports/replicate.json, and whether it is of the run that is here now."""

from pipeline.files import paths, records
from pipeline.filing import contents
from pipeline.params import config
from pipeline.params.schema import Params
from pipeline.results import seeds
from pipeline.results.seeds import Replicates

REPORT = paths.REPORTS / "replicate.json"
_REMEDY = "run `herbarium replicate` again, or remove it to file one seed"


def experiment_digest(params: Params) -> str:
    """Names an experiment whatever its seed, its folders and where it is shown."""
    elsewhere = {"tracking": True, "sweep": True, "data": {"path"}, "train": {"seed"}}
    return records.digest(params.hashed(exclude=elsewhere))


def of_project() -> Replicates | None:
    """reports/replicate.json, if it is of the run that is in the project now. Raises DataError if it is damaged."""
    found = contents.read(REPORT, lambda path: seeds.from_json(records.read_json(path)), _REMEDY)
    if found is None:
        return None
    fingerprint = records.read_json(paths.TRAINING)["fingerprint"]
    current = found.experiment == experiment_digest(config.load())
    return found if current and found.seeds[0].fingerprint == fingerprint else None
