"""A trial of a sweep: what was tried and what came of it; trials.csv holds all of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pipeline.files import records
from pipeline.results.history import Epoch
from pipeline.results.objectives import ACCURACY, USUAL, Objective

COMPLETE, PRUNED, FAILED = "complete", "pruned", "failed"


@dataclass(frozen=True)
class Trial:
    """One configuration and its outcome. `values` maps the space's keys to what was tried.

    `accuracy` is the kept epoch's validation accuracy, a fraction 0–1, or the mean of those over folds; None unless
    complete. `measured` is the objective, if that is another figure, and `steps` are its values after each epoch, or
    the means over the folds so far; of folds, `epochs` are the first one's. `same_as` is the number
    of the trial it was looked up from, having the same fingerprint. `seconds` of work are never written to a file.
    """

    number: int
    state: Literal["complete", "pruned", "failed"]
    values: dict[str, Any]
    fingerprint: str
    accuracy: float | None = None
    epochs: tuple[Epoch, ...] = ()
    kept_epoch: int | None = None
    same_as: int | None = None
    reason: str = ""
    traceback: str = ""
    seconds: float = 0.0
    measured: float | None = None
    steps: tuple[tuple[int, float], ...] = ()

    @property
    def score(self) -> float | None:
        """The objective; None unless complete."""
        return self.accuracy if self.measured is None else self.measured

    @property
    def trained_epochs(self) -> int:
        return self.epochs[-1].epoch if self.epochs else 0

    @property
    def curve(self) -> dict[int, float]:
        """The objective after every trained epoch, or fold."""
        return dict(self.steps) or {epoch.epoch: epoch.validation_accuracy for epoch in self.epochs if epoch.epoch}


def top(trials: Iterable[Trial], count: int) -> list[Trial]:
    """The `count` best complete trials that differ, best first; of equally good ones the earlier."""
    distinct = [t for t in trials if t.score is not None and t.same_as is None]
    return sorted(distinct, key=lambda t: (-(t.score or 0.0), t.number))[:count]


def best(trials: Iterable[Trial]) -> Trial | None:
    return next(iter(top(trials, 1)), None)


def write(path: Path, trials: Iterable[Trial], keys: Sequence[str], objective: Objective = USUAL) -> None:
    """One row a trial, in order, with a column for each of the space's `keys`; the same bytes for the same trials."""
    other = [] if objective.measure == ACCURACY else [objective.key]
    header = [
        "number",
        "state",
        objective.of(ACCURACY),
        *other,
        *keys,
        "epochs",
        "kept_epoch",
        "same_as",
        "fingerprint",
    ]
    rows = (
        [
            *(t.number, t.state, t.accuracy),
            *(t.measured for _ in other),
            *(cell(t.values[key]) for key in keys),
            *(t.trained_epochs, t.kept_epoch, t.same_as, t.fingerprint),
        ]
        for t in trials
    )
    records.write_csv(path, header, rows)


def cell(value: Any) -> str:
    """A parameter's value on one line."""
    return value if isinstance(value, str) else records.canonical(value).strip().replace("\n", "")
