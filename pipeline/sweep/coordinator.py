"""Runs a sweep: hands decided trials to workers and records what comes of them, in their order; the one that does.

The sequence of trials follows from params.yaml and the data alone: not from the number of workers, not from who is
faster, not from how often the sweep was interrupted.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.files import paths
from pipeline.process import verbosity
from pipeline.results.history import Epoch
from pipeline.results.trials import FAILED, Trial
from pipeline.sweep import attempts, recorded
from pipeline.sweep.decisions import Candidate, Decisions
from pipeline.sweep.executors import Pending, Workers
from pipeline.sweep.outcomes import Configuration
from pipeline.sweep.plans import Plan
from pipeline.sweep.progress import Progress
from pipeline.sweep.study import SweepError


@dataclass(frozen=True)
class Listener:
    """Whom to tell: `begun` when a candidate goes to the workers, `ended` for each trial, in order."""

    begun: Callable[[Candidate], None] = field(default=lambda _: None)
    ended: Callable[[Trial], None] = field(default=lambda _: None)


@dataclass(frozen=True)
class _UnderWay:
    """`pending` is None while nothing is to be run for it: its outcome may be that of an earlier trial."""

    candidate: Candidate
    configuration: Configuration
    pending: Pending | None


def run(plan: Plan, workers: Workers, listener: Listener) -> list[Trial]:
    """Run trials until there are `plan.total`, or sweep.patience is at its end; returns all.

    Raises SweepError when too many have failed, UnfinishedTrialError when one comes to no result.
    """
    progress = Progress(plan.trials(), plan.params.sweep.keep_models)
    _check_failures(plan, progress)
    decisions = Decisions(plan, progress.trials)
    under_way: deque[_UnderWay] = deque()
    while len(progress.trials) < plan.total and not _out_of_patience(plan, progress):
        while decisions.decided < plan.total and len(under_way) < plan.lag:
            under_way.append(_begin(plan, decisions.next(progress.trials), progress, under_way, workers, listener))
        trial = _end(under_way.popleft(), progress, under_way, workers)
        recorded.add(plan.study, plan.dimensions, trial)
        outdone = progress.add(trial)
        listener.ended(trial)
        _check_failures(plan, progress)
        if outdone:
            plan.model(outdone.fingerprint).unlink(missing_ok=True)
    _keep_best_models(plan, progress)
    return progress.trials


def _begin(
    plan: Plan,
    candidate: Candidate,
    progress: Progress,
    others: deque[_UnderWay],
    workers: Workers,
    listener: Listener,
) -> _UnderWay:
    """Hand it to the workers, unless it is not legal, or has or may get an outcome from the same configuration."""
    if candidate.params is None:
        return _UnderWay(candidate, {}, None)
    configuration = _configuration(plan, candidate, progress)
    twins = (other.candidate.fingerprint == candidate.fingerprint for other in others)
    if progress.known(candidate.fingerprint) or any(twins):
        return _UnderWay(candidate, configuration, None)
    listener.begun(candidate)
    return _UnderWay(candidate, configuration, workers.submit(configuration))


def _end(this: _UnderWay, progress: Progress, others: deque[_UnderWay], workers: Workers) -> Trial:
    """What it comes to, when all trials before it have been recorded."""
    candidate = this.candidate
    if candidate.illegal:
        return Trial(candidate.number, "failed", candidate.values, "", reason=candidate.illegal)
    twin = progress.known(candidate.fingerprint)
    if twin:
        return _looked_up(candidate, twin)

    def others_ended() -> None:
        for other in others:
            if other.pending:
                other.pending.ended()

    pending = this.pending or workers.submit(this.configuration)
    name = f"trial {candidate.number}"
    return _trial(candidate, attempts.result(name, this.configuration, pending, workers, others_ended))


def _configuration(plan: Plan, candidate: Candidate, progress: Progress) -> Configuration:
    """Plain data for `worker.run_trial`; a model worse than those already kept is not even written."""
    assert candidate.params
    settings = candidate.params.sweep
    kept = 0 if settings.folds else settings.keep_models  # of folds there is no network to keep
    full = len(progress.best) == kept
    return {
        "params": candidate.params.model_dump(),
        "fingerprint": candidate.fingerprint,
        "thresholds": candidate.thresholds,
        "model": str(plan.model(candidate.fingerprint)) if kept else None,
        "model_above": progress.best[-1].score if full and kept else -1.0,
        "debug": verbosity.debug(),
        "objective": settings.objective,
        "folds": settings.folds,
        "divided": plan.divided,
    }


def _trial(candidate: Candidate, outcome: Mapping[str, Any]) -> Trial:
    epochs = tuple(Epoch(*row) for row in outcome.get("epochs", []))
    steps = tuple((int(number), value) for number, value in outcome.get("steps", []))
    fields = {key: value for key, value in outcome.items() if key not in ("epochs", "steps")}
    return Trial(
        candidate.number,
        values=candidate.values,
        fingerprint=candidate.fingerprint,
        epochs=epochs,
        steps=steps,
        **fields,
    )


def _looked_up(candidate: Candidate, twin: Trial) -> Trial:
    return Trial(
        candidate.number,
        twin.state,
        candidate.values,
        twin.fingerprint,
        twin.accuracy,
        twin.epochs,
        twin.kept_epoch,
        same_as=twin.number if twin.same_as is None else twin.same_as,
        reason=twin.reason,
        measured=twin.measured,
        steps=twin.steps,
    )


def _out_of_patience(plan: Plan, progress: Progress) -> bool:
    patience = plan.params.sweep.patience
    return patience is not None and progress.without_gain >= patience


def _check_failures(plan: Plan, progress: Progress) -> None:
    if progress.failed > plan.params.sweep.failures:
        last = next(trial for trial in reversed(progress.trials) if trial.state == FAILED)
        raise SweepError(
            f"{progress.failed} of {len(progress.trials)} trials failed, sweep.failures allows"
            f" {plan.params.sweep.failures}; the last, trial {last.number}: {last.reason}. The tracebacks are in"
            " MLflow. Mend the cause, or raise sweep.failures to go on"
        )


def _keep_best_models(plan: Plan, progress: Progress) -> None:
    """Remove what trials have left that were under way when a sweep ended."""
    kept = {plan.model(trial.fingerprint) for trial in progress.best}
    folder = paths.SWEEPS / plan.study.study_name
    for path in sorted(folder.glob("*.keras")) if folder.exists() else []:
        if path not in kept:
            path.unlink()
