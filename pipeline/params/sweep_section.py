"""What the section `sweep` of params.yaml may say: how parameters are searched for, and which."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from pipeline.params.section import Section


def _not_one(folds: int) -> int:
    if folds == 1:
        raise ValueError(f"found {folds}; allowed: 0, or 2 to 20 (one leaves nothing to train on)")
    return folds


class Sweep(Section):
    trials: int = Field(ge=1, le=100_000, description="trials in total, those already run included: 1 to 100000")
    batch: int = Field(
        ge=1,
        le=1000,
        description="how many trials can run at once: trial n is decided from those up to n − batch: 1 to 1000",
    )
    patience: int | None = Field(
        ge=1, description="stop after this many trials without a higher objective than before; null = run all"
    )
    objective: Literal["accuracy", "balanced_accuracy", "macro_f1", "worst_recall"] = Field(
        description="what is looked for: accuracy | balanced_accuracy (mean recall of the classes) | macro_f1 |"
        " worst_recall (of the worst class)"
    )
    folds: Annotated[int, AfterValidator(_not_one)] = Field(
        ge=0,
        le=20,
        description="0 = of the validation images | 2 to 20 = mean over so many folds of training and validation",
    )
    start: list[dict[str, Any]] = Field(
        description="points to begin with, each a value of every key of space; [] = none"
    )
    sampler: Literal["tpe", "random", "grid", "cma-es"] = Field(
        description="tpe (learns from results) | random | grid (every combination) | cma-es (numbers, many trials)"
    )
    pruner: Literal["none", "median", "percentile", "hyperband"] = Field(
        description="when a trial stops early: none | median (below the median) | percentile (in the worst quarter) |"
        " hyperband (below the best third)"
    )
    seed: int = Field(ge=0, lt=2**31, description="seed of the search; training has its own: 0 to 2147483647")
    keep_models: int = Field(ge=0, le=100, description="trained parts kept in MLflow, of the best trials: 0 to 100")
    failures: int = Field(ge=0, le=100_000, description="failed trials that are put up with: 0 to 100000")
    audit_top: int = Field(ge=0, le=100, description="best trials trained again with fresh seeds: 0 to 100; 0 = none")
    audit_seeds: int = Field(ge=2, le=1000, description="fresh seeds each: 2 to 1000")
    space: dict[str, dict[str, Any]] = Field(
        min_length=1,
        description="keys of train and head: {low: 0.1, high: 0.9}, {low: 1, high: 3} (whole numbers), log: true for"
        " equal ratios, or {choices: [a, b]}",
    )
