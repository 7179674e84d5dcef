"""The same experiment over seeds: how far an accuracy depends on the luck of initial weights and order."""

from collections.abc import Callable
from pathlib import Path

from pipeline.files import paths, records
from pipeline.filing import ledger, seed_runs
from pipeline.filing.seeds import REPORT, experiment_digest
from pipeline.identity import certificate
from pipeline.params import config, unchanged
from pipeline.params.schema import Params
from pipeline.results import history
from pipeline.results.history import Epoch
from pipeline.results.seeds import Replicates, Seed, to_json
from pipeline.review import workspace

Say = Callable[[str], None]


def numbers(first: int, count: int) -> list[int]:
    """The seeds of a replication: the experiment's own, and those after it."""
    return [first + i for i in range(count)]


def replicate(count: int, say: Say, on_seed: Callable[[Seed, list[Epoch]], None] = lambda *_: None) -> Replicates:
    """Run the project's params.yaml with its own seed, here, and with the `count` - 1 seeds after it, in a copy.

    Features and finished seeds come from the DVC cache. reports/replicate.json is written after every seed, and what
    vouches for the others is kept beside it, so nothing is lost if a later one fails. `on_seed` gets each outcome and
    its learning curve. Raises ConfigError if params.yaml is changed while the project's own seed runs.
    """
    params = config.load()
    first, *others = numbers(params.train.seed, count)
    say(f"seed {first}, in the project")
    workspace.dvc_repro(Path(), say)
    unchanged.require(params, "herbarium replicate")
    found = _add(None, params, first, Path(), on_seed)
    if others:
        with workspace.of_files() as copy:
            for seed in others:
                say(f"seed {seed}, in a copy")
                workspace.repro(copy, config.with_seed(params, seed), say)
                found = _add(found, params, seed, copy.folder, on_seed)
    return found


def _add(
    before: Replicates | None, params: Params, seed: int, folder: Path, on_seed: Callable[[Seed, list[Epoch]], None]
) -> Replicates:
    metrics = records.read_json(folder / paths.METRICS)
    one = outcome(folder, seed)
    certificate.require((paths.HISTORY,), folder)
    seeds = (*(before.seeds if before else ()), one)
    found = Replicates(experiment_digest(params), metrics["validation_images"], metrics["test_images"], seeds)
    if before:
        seed_runs.keep(folder, seed)
    records.write_json(REPORT, to_json(found))
    on_seed(one, history.read(folder / paths.HISTORY))
    return found


def outcome(folder: Path, seed: int) -> Seed:
    """What a finished run in `folder` measured. Who looks at it has looked at its test images: the ledger counts it.

    Raises DataError if a file that says so is not the one that its dvc.lock names.
    """
    certificate.require((paths.METRICS, paths.TRAINING, paths.PREDICTIONS, paths.ids("test")), folder)
    metrics, training = records.read_json(folder / paths.METRICS), records.read_json(folder / paths.TRAINING)
    ledger.note(records.file_digest(folder / paths.ids("test")), training["fingerprint"])
    return seed_runs.outcome(seed, metrics, training)
