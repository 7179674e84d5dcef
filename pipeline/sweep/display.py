"""How a sweep is going: a live table on a terminal, one plain line a trial elsewhere."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pipeline.results.objectives import NAMES, Objective
from pipeline.results.trials import PRUNED, Trial, best
from pipeline.sweep.decisions import Candidate
from pipeline.sweep.plans import Plan

_ROWS = 15  # the newest trials; more would not fit a terminal


class Display:
    """Told what begins and ends; counts, estimates the time left, and shows it unless `quiet`."""

    def __init__(self, plan: Plan, before: Sequence[Trial], live: Live | None, quiet: bool) -> None:
        self._plan, self._live, self._quiet = plan, live, quiet
        self._trials = list(before)
        self._found = len(self._trials)
        self._leader = best(before)
        self._began = time.monotonic()
        self._running: list[Candidate] = []

    def begun(self, candidate: Candidate) -> None:
        self._running.append(candidate)
        self._refresh()

    def ended(self, trial: Trial) -> None:
        self._trials.append(trial)
        self._leader = best([trial] if self._leader is None else [self._leader, trial])
        self._running = [c for c in self._running if c.number != trial.number]
        if self._live:
            self._refresh()
        elif not self._quiet:
            print(self._line(trial), flush=True)

    def say(self, text: str) -> None:
        """One more line, below the table if there is one."""
        if not self._quiet:
            (self._live.console.print if self._live else print)(text)

    def training(self, number: int, total: int) -> None:
        self.say(f"fresh seeds: training {number} of {total} done")

    def _line(self, trial: Trial) -> str:
        leader = self._leader
        score = f"best {leader.score:.4f} (trial {leader.number})" if leader else "no trial complete yet"
        outcome = f"{_outcome(trial, self._plan.objective):22}"
        return f"trial {trial.number:3d}  {outcome}  {_values(trial.values)}  |  {score}  |  {self._left()}"

    def _left(self) -> str:
        done = len(self._trials)
        rate = (time.monotonic() - self._began) / max(1, done - self._found)
        return f"{done} of {self._plan.total}, {_duration(rate * (self._plan.total - done))} left"

    def _refresh(self) -> None:
        if self._live:
            self._live.update(Group(self._table(), Text(self._left(), style="dim")), refresh=True)

    def _table(self) -> Table:
        names = [key.partition(".")[2] for key in self._plan.keys]
        table = Table("trial", "state", *names, NAMES[self._plan.objective.measure], "epochs", box=None, pad_edge=False)
        for trial in self._trials[-_ROWS:]:
            score = f"{trial.score:.4f}" if trial.score is not None else ""
            style = "bold green" if trial is self._leader else "dim" if trial.score is None else ""
            cells = [short(trial.values[key]) for key in self._plan.keys]
            table.add_row(str(trial.number), trial.state, *cells, score, str(trial.trained_epochs), style=style)
        for candidate in self._running:
            cells = [short(candidate.values[key]) for key in self._plan.keys]
            table.add_row(str(candidate.number), "running", *cells, "", "", style="cyan")
        return table


@contextmanager
def display(plan: Plan, before: Sequence[Trial], quiet: bool) -> Iterator[Display]:
    if sys.stdout.isatty() and not quiet:
        with Live(auto_refresh=False) as live:
            yield Display(plan, before, live, quiet)
    else:
        yield Display(plan, before, None, quiet)


def short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _values(values: dict[str, Any]) -> str:
    return "  ".join(f"{key.partition('.')[2]} {short(value)}" for key, value in values.items())


def _outcome(trial: Trial, objective: Objective) -> str:
    if trial.score is not None:
        again = "" if trial.same_as is None else f" (as trial {trial.same_as})"
        return f"{NAMES[objective.measure]} {trial.score:.4f}{again}"
    if trial.state != PRUNED:
        return f"failed: {trial.reason}"
    return f"pruned after fold {len(trial.steps)}" if objective.folds else f"pruned at epoch {trial.trained_epochs}"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
