"""What a worker does: a pure function from a configuration to a result, both plain data that any process can be sent.

It trains as the train stage does, on the training and validation splits, and never reads the test split.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import astuple
from pathlib import Path

from pipeline.files import paths
from pipeline.identity import determinism
from pipeline.model import assembly, division, folds, training
from pipeline.model.prepared import Kept
from pipeline.params import config, idle
from pipeline.process.errors import MachineError
from pipeline.results.history import Epoch
from pipeline.results.trials import COMPLETE, PRUNED
from pipeline.sweep import failures
from pipeline.sweep.outcomes import MEMORY, Configuration, Outcome

_KEPT = Kept()  # networks of the trials before


class _Pruned(Exception):  # noqa: N818 - an end, not an error
    pass


def run_trial(configuration: Configuration, root: Path = Path()) -> Outcome:
    """Train one configuration, in the project at `root`. MachineError is raised: this machine would compute other bits.

    `configuration`: `params` (the content of a params.yaml), `fingerprint` (the one the training must have),
    `thresholds` (epoch → validation accuracy below which it stops), `model` (where to save the trained part, or None),
    `model_above` (save it only if its validation accuracy is higher), `debug` (raise errors instead of answering) and
    `draw` (number and seed of another draw of the validation split, to train and be measured on).
    The answer has the outcome fields of `pipeline.results.trials.Trial`, `epochs` as rows, or those of trouble.
    """
    began = time.perf_counter()
    epochs: list[Epoch] = []
    try:
        outcome = _train(configuration, epochs, root)
    except _Pruned:
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
    return {**outcome, "epochs": rows, "seconds": time.perf_counter() - began}


def _train(configuration: Configuration, epochs: list[Epoch], root: Path) -> Outcome:
    params = config.check(configuration["params"], "the trial's configuration")
    idle.refuse(params, "the trial's configuration")
    determinism.prepare(params.compute)
    thresholds = configuration["thresholds"]
    number, seed = configuration.get("draw", (0, 0))
    fold = division.redrawn(number, seed, root) if number else None
    trained = training.run(
        params,
        _same_as(folds.named(configuration["fingerprint"], fold)),
        _watch(thresholds, epochs),
        root=root,
        kept=_KEPT,
        warm_ups=root / paths.WARM_UPS,
        fold=fold,
    )
    kept = next(epoch for epoch in trained.epochs if epoch.epoch == trained.kept_epoch)
    if configuration["model"] and kept.validation_accuracy > configuration["model_above"]:
        assembly.save(trained.assembled, root / configuration["model"])
    images = {"held_out": len(fold.held_out), "trained_on": len(fold.trained)} if fold else {}
    return {"state": COMPLETE, "accuracy": kept.validation_accuracy, "kept_epoch": kept.epoch, **images}


def _same_as(expected: str) -> Callable[[str], None]:
    def check(fingerprint: str) -> None:
        if fingerprint != expected:
            raise MachineError(
                f"the worker's fingerprint is {fingerprint[:12]}…, the sweep's {expected[:12]}…: other code, data,"
                " package versions or machine; its numbers could not be reproduced here"
            )

    return check


def _watch(thresholds: Mapping[int, float], epochs: list[Epoch]) -> Callable[[Epoch], None]:
    best = float("-inf")

    def watch(epoch: Epoch) -> None:
        nonlocal best
        epochs.append(epoch)
        if epoch.epoch:
            best = max(best, epoch.validation_accuracy)
            if best < thresholds.get(epoch.epoch, float("-inf")):
                raise _Pruned

    return watch
