"""What a sweep of the default experiment costs beside its training.

Measured in one sweep as users run it, in this process, on a new MLflow database and a new study: the seconds spent in
calls to MLflow, and what each trial takes beside its epochs (building the network, tracing, recording, showing).
"""

import contextlib
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

from tests import shipped

TRIALS = 100


class Stopwatch:
    """Adds up the seconds spent in functions it has wrapped, each call also kept by itself."""

    def __init__(self) -> None:
        self.calls: list[float] = []

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **options: Any) -> Any:
            began = time.perf_counter()
            try:
                return function(*arguments, **options)
            finally:
                self.calls.append(time.perf_counter() - began)

        return timed

    @property
    def seconds(self) -> float:
        return sum(self.calls)


@contextlib.contextmanager
def swept_project(trials: int) -> Iterator[Any]:
    """Work in a temporary folder with the default experiment's features; yields its parameters."""
    from pipeline.identity import determinism
    from pipeline.params import config
    from pipeline.stages import extract_features, fetch, preprocess

    content = shipped.runnable()
    content["sweep"] |= {"trials": trials, "audit_top": 0}
    params = config.check(content, "benchmark")
    determinism.prepare(params.compute)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for stage in (fetch, preprocess, extract_features):
            stage.run(params)
        yield params


def fixed_seconds(trial: Any, stamps: list[float]) -> float:
    """What the trial took beside epochs at the pace of its later ones; the first epoch includes the tracing."""
    pace = statistics.median(after - before for before, after in itertools.pairwise(stamps[1:]))
    return trial.seconds - trial.trained_epochs * pace


def rows() -> list[Any]:
    """MLflow's share of the sweep's time, and the median of what a trial takes beside its epochs, in seconds."""
    from pipeline.sweep import command, plans, recorded, scoring
    from pipeline.tracking.sweeps import SweepRun
    from tests.benchmarks.cases import Row

    shown, adding, stamps = Stopwatch(), Stopwatch(), []
    watch = scoring.watch

    def stamping(*arguments: Any) -> Callable[[Any], None]:
        seen, inner = [], watch(*arguments)
        stamps.append(seen)

        def stamp(epoch: Any) -> None:
            seen.append(time.perf_counter())
            inner(epoch)

        return stamp

    with contextlib.ExitStack() as stack, swept_project(TRIALS) as params:
        for name in ("started", "ended", "finished", "__exit__"):
            stack.enter_context(replaced(SweepRun, name, shown.wrap(getattr(SweepRun, name))))
        stack.enter_context(replaced(recorded, "add", adding.wrap(recorded.add)))
        stack.enter_context(replaced(scoring, "watch", stamping))
        plan = plans.of(params)
        began = time.perf_counter()
        command.run(plan, quiet=True)
        whole = time.perf_counter() - began
        own = [trial for trial in plan.trials() if trial.same_as is None]
    fixed = [fixed_seconds(t, s) for t, s in zip(own, stamps, strict=True) if len(s) > 2]
    beside = statistics.median(fixed) + statistics.median(shown.calls) + statistics.median(adding.calls)
    share = shown.seconds / whole
    return [
        Row(f"digits sweep of {TRIALS} trials: MLflow's share", None, whole, share, "≤ 0.05", "of its seconds"),
        Row("digits sweep: a trial beside its epochs, median", None, beside, beside, "≤ 0.15", "s"),
    ]


@contextlib.contextmanager
def replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)
