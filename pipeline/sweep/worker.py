"""What a worker does: a pure function from a configuration to a result, both plain data that any process can be sent.

It trains as the train stage does, on the training and validation splits, and never reads the test split.
"""

import time
from collections.abc import Callable
from dataclasses import astuple
from functools import partial
from pathlib import Path

from pipeline.files import paths
from pipeline.identity import determinism
from pipeline.model import assembly, division, folds, training
from pipeline.model.folds import Fold
from pipeline.model.prepared import Kept
from pipeline.model.training import Trained
from pipeline.params import config, idle
from pipeline.params.schema import Params
from pipeline.process.errors import CombinationError, MachineError
from pipeline.results.history import Epoch
from pipeline.results.objectives import ACCURACY
from pipeline.results.trials import COMPLETE, PRUNED
from pipeline.sweep import failures, scoring
from pipeline.sweep.outcomes import MEMORY, Configuration, Outcome

_KEPT = Kept()  # networks of the trials before


def run_trial(configuration: Configuration, root: Path = Path()) -> Outcome:
    """Train one configuration, in the project at `root`. MachineError is raised: this machine would compute other bits.

    `configuration`: `params` (the content of a params.yaml), `fingerprint` (the one the training must have),
    `thresholds` (epoch, or fold → objective below which it stops), `model` (where to save the trained part, or None),
    `model_above` (save it only if its objective is higher), `debug` (raise errors instead of answering), `objective`
    and `folds` (as in the section sweep), `draw` (number and seed of another draw of the validation split, to train
    and be measured on) and `divided` (digest of those folds, or of that draw).
    The answer has the outcome fields of `pipeline.results.trials.Trial`, `epochs` as rows, or those of trouble.
    """
    began = time.perf_counter()
    epochs: list[Epoch] = []
    steps: scoring.Steps = []
    try:
        outcome = _train(configuration, epochs, steps, root)
    except scoring.HopelessError:
        outcome = {"state": PRUNED}
    except MachineError:
        raise
    except Exception as error:
        if configuration.get("debug"):
            raise
        outcome = failures.outcome(error)
        if outcome.get("kind") == MEMORY:
            _KEPT.clear()
    rows = [astuple(epoch) for epoch in epochs]
    return {**outcome, "epochs": rows, **({"steps": steps} if steps else {}), "seconds": time.perf_counter() - began}


def _train(configuration: Configuration, epochs: list[Epoch], steps: scoring.Steps, root: Path) -> Outcome:
    params = config.check(configuration["params"], "the trial's configuration")
    idle.refuse(params, "the trial's configuration")
    determinism.prepare(params.compute)
    if configuration.get("folds"):
        return _over_folds(configuration, params, epochs, steps, root)
    measure, thresholds = configuration.get("objective", ACCURACY), configuration["thresholds"]
    number, seed = configuration.get("draw", (0, 0))
    fold = _agreed(configuration, lambda: [division.redrawn(number, seed, root)])[0] if number else None
    watch = scoring.watch(measure, thresholds, epochs, steps, _KEPT, params.train)
    trained = _trained(configuration, params, root, fold, watch)
    accuracy = scoring.kept_accuracy(trained)
    other = {} if measure == ACCURACY else {"measured": scoring.of_latest(measure, _KEPT)}
    if configuration["model"] and other.get("measured", accuracy) > configuration["model_above"]:
        assembly.save(trained.assembled, root / configuration["model"])
    images = {"held_out": len(fold.held_out), "trained_on": len(fold.trained)} if fold else {}
    return {"state": COMPLETE, "accuracy": accuracy, "kept_epoch": trained.kept_epoch, **other, **images}


def _over_folds(
    configuration: Configuration, params: Params, epochs: list[Epoch], steps: scoring.Steps, root: Path
) -> Outcome:
    folds_asked, asked_by = configuration["folds"], "params.yaml: sweep.folds"
    divided = _agreed(configuration, lambda: division.of_project(folds_asked, 1, params.sweep.seed, root, asked_by))
    trainings = [partial(_trained, configuration, params, root, fold) for fold in divided]
    measure, thresholds = configuration["objective"], configuration["thresholds"]
    return {"state": COMPLETE, **scoring.over_folds(measure, trainings, thresholds, epochs, steps, _KEPT)}


def _agreed(configuration: Configuration, divide: Callable[[], list[Fold]]) -> list[Fold]:
    """The division, which must be the sweep's. Groups and near-duplicates, which it follows from, are in no name."""
    try:
        found = divide()
    except CombinationError as error:  # the sweep's own images can be divided
        raise MachineError(f"the worker cannot divide the images as the sweep does: {error}") from error
    here = division.digest(found)
    if configuration.get("divided", here) != here:
        raise MachineError(
            f"the worker divides the images otherwise than the sweep: its {paths.SPLIT_TABLE} or {paths.DATASET} are"
            " others"
        )
    return found


def _trained(
    configuration: Configuration,
    params: Params,
    root: Path,
    fold: Fold | None,
    watch: Callable[[Epoch], None] = lambda _: None,
) -> Trained:
    on_start = _same_as(folds.named(configuration["fingerprint"], fold))
    warm_ups = root / paths.WARM_UPS
    return training.run(params, on_start, watch, root=root, kept=_KEPT, warm_ups=warm_ups, fold=fold)


def _same_as(expected: str) -> Callable[[str], None]:
    def check(fingerprint: str) -> None:
        if fingerprint != expected:
            raise MachineError(
                f"the worker's fingerprint is {fingerprint[:12]}…, the sweep's {expected[:12]}…: other code, data,"
                " package versions or machine; its numbers could not be reproduced here"
            )

    return check
