"""Cross-validation of an experiment: every fold trained and measured as the experiment itself, from one extraction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.identity import determinism, fingerprint
from pipeline.model import fit as fitting
from pipeline.model import fold_examples, folds, losses, training
from pipeline.model.folds import Fold
from pipeline.results import balanced, metrics
from pipeline.results.cross_validation import FoldResult
from pipeline.results.history import Epoch

if TYPE_CHECKING:
    from pipeline.params.schema import Params


def run(
    params_of: Callable[[int], Params],
    divided: list[Fold],
    known: Mapping[str, FoldResult],
    on_fold: Callable[[FoldResult, list[Epoch]], None],
    root: Path = Path(),
) -> None:
    """Train and measure the folds one after the other; `on_fold` gets each result and its curve, [] if it was `known`.

    `params_of`: repeat → the parameters of its folds. `known`: results by fingerprint, which are not computed again.
    """
    for fold in divided:
        params = params_of(fold.repeat)
        determinism.prepare(params.compute)
        name = folds.named(fingerprint.of_project(params, root), fold)
        on_fold(*((known[name], []) if name in known else _measured(params, fold, root)))


def _measured(params: Params, fold: Fold, root: Path) -> tuple[FoldResult, list[Epoch]]:
    trained = training.run(params, root=root, fold=fold)
    _, held_out = fold_examples.examples(fold, trained.assembled, params, root=root)
    logits = fitting.logits(trained.assembled.trained, held_out.inputs)
    probabilities = np.exp(losses.log_probabilities(logits))
    confusion = metrics.confusion_matrix(held_out.labels, probabilities)
    result = FoldResult(
        repeat=fold.repeat,
        fold=fold.number,
        seed=params.train.seed,
        fingerprint=trained.fingerprint,
        kept_epoch=trained.kept_epoch,
        trained_images=len(fold.trained),
        images=len(fold.held_out),
        accuracy=metrics.accuracy(held_out.labels, probabilities),
        balanced_accuracy=balanced.balanced_accuracy(confusion),
        macro_f1=float(balanced.macro_f1(confusion)),
        worst_recall=balanced.worst_recall(confusion),
    )
    return result, trained.epochs
