"""The same experiment over seeds: how far an accuracy depends on the luck of initial weights and order."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import config, history, paths, records, statistics
from pipeline.history import Epoch
from pipeline.review import ledger, workspace
from pipeline.review.verdict import Measured
from pipeline.schema import Params

REPORT = paths.REPORTS / "replicate.json"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Seed:
    """One seed's outcome; accuracies are fractions 0–1."""

    seed: int
    fingerprint: str
    best_epoch: int
    validation_accuracy: float
    test_accuracy: float


@dataclass(frozen=True)
class Replicates:
    """`experiment`: digest of the parameters, the seed apart. Of each split: how many images."""

    experiment: str
    validation_images: int
    test_images: int
    seeds: tuple[Seed, ...]

    def measured(self, split: str) -> Measured:
        accuracies = tuple(getattr(seed, f"{split}_accuracy") for seed in self.seeds)
        return Measured(accuracies, getattr(self, f"{split}_images"), len(accuracies))


def numbers(first: int, count: int) -> list[int]:
    """The seeds of a replication: the experiment's own, and those after it."""
    return [first + i for i in range(count)]


def with_seed(params: Params, seed: int) -> dict[str, Any]:
    content = params.model_dump()
    content["train"] = {**content["train"], "seed": seed}
    return content


def experiment_digest(params: Params) -> str:
    """Names an experiment whatever its seed, its folders and where it is shown."""
    content = params.model_dump(exclude={"tracking": True, "sweep": True, "data": {"path"}, "train": {"seed"}})
    return records.digest(content)


def replicate(count: int, say: Say, on_seed: Callable[[Seed, list[Epoch]], None] = lambda *_: None) -> Replicates:
    """Run the project's params.yaml with its own seed, here, and with the `count` - 1 seeds after it, in a copy.

    Features and finished seeds come from the DVC cache. reports/replicate.json is written after every seed, so
    nothing is lost if a later one fails. `on_seed` gets each outcome and its learning curve.
    """
    params = config.load()
    first, *others = numbers(params.train.seed, count)
    say(f"seed {first}, in the project")
    workspace.dvc_repro(Path(), say)
    found = _add(None, params, first, Path(), on_seed)
    if others:
        with workspace.of_files() as copy:
            for seed in others:
                say(f"seed {seed}, in a copy")
                workspace.repro(copy, with_seed(params, seed), say)
                found = _add(found, params, seed, copy.folder, on_seed)
    return found


def _add(
    before: Replicates | None, params: Params, seed: int, folder: Path, on_seed: Callable[[Seed, list[Epoch]], None]
) -> Replicates:
    metrics = records.read_json(folder / paths.METRICS)
    one = outcome(folder, seed)
    seeds = (*(before.seeds if before else ()), one)
    found = Replicates(experiment_digest(params), metrics["validation_images"], metrics["test_images"], seeds)
    records.write_json(REPORT, to_json(found))
    ledger.note(records.file_digest(folder / paths.ids("test")), one.fingerprint)
    on_seed(one, history.read(folder / paths.HISTORY))
    return found


def outcome(folder: Path, seed: int) -> Seed:
    """What a finished run in `folder` measured."""
    metrics, training = records.read_json(folder / paths.METRICS), records.read_json(folder / paths.TRAINING)
    return Seed(
        seed,
        training["fingerprint"],
        training["best_epoch"],
        metrics["validation_accuracy"],
        metrics["test_accuracy"],
    )


def to_json(found: Replicates) -> dict[str, Any]:
    return {
        "experiment": found.experiment,
        "seeds": [asdict(seed) for seed in found.seeds],
        **{split: summary(found, split) for split in ("validation", "test")},
    }


def summary(found: Replicates, split: str) -> dict[str, Any]:
    """Images, mean accuracy, its standard deviation over seeds and the mean's 95 % t interval (None of one seed)."""
    measured = found.measured(split)
    several = len(measured.accuracies) > 1
    low, high = statistics.mean_interval(measured.accuracies) if several else (None, None)
    spread = float(np.std(measured.accuracies, ddof=1)) if several else None
    return {"images": measured.images, "mean": measured.mean, "sd": spread, "low": low, "high": high}


def accuracies(seed: Seed) -> dict[str, float]:
    return {"validation_accuracy": seed.validation_accuracy, "test_accuracy": seed.test_accuracy}


def values(found: Replicates) -> dict[str, float]:
    """The summary as metrics: mean and, of several seeds, standard deviation of each split's accuracy."""
    named: dict[str, float] = {}
    for split in ("validation", "test"):
        for name in ("mean", "sd"):
            value = summary(found, split)[name]
            named |= {f"{split}_accuracy_{name}": value} if value is not None else {}
    return named


def from_json(content: Mapping[str, Any]) -> Replicates:
    seeds = tuple(Seed(**seed) for seed in content["seeds"])
    return Replicates(content["experiment"], content["validation"]["images"], content["test"]["images"], seeds)


def of_project() -> Replicates | None:
    """reports/replicate.json, if it is of the run that is in the project now."""
    if not REPORT.exists():
        return None
    found = from_json(json.loads(REPORT.read_text(encoding="utf-8")))
    fingerprint = records.read_json(paths.TRAINING)["fingerprint"]
    current = found.experiment == experiment_digest(config.load())
    return found if current and fingerprint in {seed.fingerprint for seed in found.seeds} else None


def describe(found: Replicates) -> str:
    """Per-seed values, and mean ± standard deviation with the mean's 95 % interval, in percent."""
    lines = ["seed    validation      test"]
    lines += [f"{s.seed:4}  {100 * s.validation_accuracy:10.2f} %  {100 * s.test_accuracy:6.2f} %" for s in found.seeds]
    for split in ("validation", "test"):
        values = summary(found, split)
        if values["sd"] is None:
            lines.append(f"{split}: one seed says nothing about the spread; give --seeds 3 or more")
        else:
            lines.append(
                f"{split}: {100 * values['mean']:.2f} ± {100 * values['sd']:.2f} % (mean ± standard deviation of"
                f" {len(found.seeds)} seeds); 95 % interval of the mean {100 * values['low']:.2f} to"
                f" {100 * values['high']:.2f} %"
            )
    return "\n".join(lines)
