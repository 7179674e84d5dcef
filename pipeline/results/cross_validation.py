"""What cross-validation measured, fold by fold, and how sure its mean is."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pipeline.files import paths
from pipeline.process import tables
from pipeline.results import history, seeds, statistics

REPORT = paths.REPORTS / "folds.json"
FIGURES = ("accuracy", "balanced_accuracy", "macro_f1", "worst_recall")


@dataclass(frozen=True)
class FoldResult:
    """One fold of one repeat: of how many images the network was trained, and what it made of those held out, 0–1."""

    repeat: int
    fold: int
    seed: int
    fingerprint: str
    kept_epoch: int
    trained_images: int
    images: int
    accuracy: float
    balanced_accuracy: float
    macro_f1: float
    worst_recall: float


@dataclass(frozen=True)
class CrossValidation:
    """`experiment`: digest of the parameters, the seed apart. `folds` a repeat; `results` as far as they are there."""

    experiment: str
    folds: int
    repeats: int
    results: tuple[FoldResult, ...]


def summary(found: CrossValidation, figure: str) -> dict[str, float]:
    """Mean and standard deviation of a figure over all folds, and the mean's corrected 95 % interval.

    Raises ValueError of one fold alone.
    """
    values = [float(getattr(result, figure)) for result in found.results]
    images = min(result.images for result in found.results)
    low, high = statistics.resampled_interval(values, images, tested_to_trained=1 / (found.folds - 1))
    return {"mean": float(np.mean(values)), "sd": float(np.std(values, ddof=1)), "low": low, "high": high}


def to_json(found: CrossValidation) -> dict[str, Any]:
    summaries = {name: summary(found, name) for name in FIGURES} if len(found.results) > 1 else {}
    return {**asdict(found), "results": [asdict(result) for result in found.results], **summaries}


def from_json(content: Mapping[str, Any]) -> CrossValidation:
    results = tuple(FoldResult(**history.as_today(result)) for result in content["results"])
    return CrossValidation(content["experiment"], content["folds"], content["repeats"], results)


def values(found: CrossValidation) -> dict[str, float]:
    """The summaries as metrics, by name."""
    return {f"fold_{name}_{key}": value for name in FIGURES for key, value in summary(found, name).items()}


def figures(result: FoldResult) -> dict[str, float]:
    return {f"fold_{name}": getattr(result, name) for name in FIGURES}


def describe(found: CrossValidation) -> str:
    """Fold by fold, and mean ± standard deviation with the mean's interval, in percent."""
    heads = ("repeat", "fold", "images", *(name.replace("_", " ") for name in FIGURES))
    rows = [
        (str(r.repeat), str(r.fold), f"{r.images:,}", *(f"{100 * getattr(r, name):.2f} %" for name in FIGURES))
        for r in found.results
    ]
    lines = tables.aligned([heads, *rows], right=range(len(heads)))
    for name in FIGURES:
        lines.append(seeds.spread(name.replace("_", " "), summary(found, name), f"{len(found.results)} folds"))
    lines.append("intervals: corrected for folds that share training images (Nadeau and Bengio 2003)")
    return "\n".join(lines)
