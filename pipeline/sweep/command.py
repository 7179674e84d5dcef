"""`herbarium sweep` from beginning to end: features, trials, audit, reports, and the view in MLflow."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from pipeline.files import paths, records
from pipeline.identity import fingerprint
from pipeline.identity.environment import environment
from pipeline.params.schema import Params
from pipeline.process import dvc, notices, verbosity
from pipeline.results import sweep_settings, trials
from pipeline.results.objectives import ACCURACY
from pipeline.results.trials import FAILED, PRUNED, Trial
from pipeline.sweep import audit, audited, coordinator, executors, figures, recorded
from pipeline.sweep.audited import Audited
from pipeline.sweep.coordinator import Listener
from pipeline.sweep.display import Display, display, short
from pipeline.sweep.executors import Workers
from pipeline.sweep.plans import Plan
from pipeline.sweep.study import SweepError
from pipeline.tracking import tags
from pipeline.tracking.description import escaped
from pipeline.tracking.sweeps import SweepRun

_PICTURED = 5  # of the best trials, whose curves MLflow shows as pictures


def bring_features_up_to_date(quiet: bool, variables: Mapping[str, str]) -> None:
    """`dvc repro extract-features`: a no-op of a second if they are. Raises SweepError if it fails.

    `variables` are added to its environment.
    """
    if failure := dvc.repro("extract-features", quiet, variables):
        raise SweepError(failure)


def run(
    plan: Plan,
    workers: int = 1,
    scheduler: str | None = None,
    quiet: bool = False,
    on_written: Callable[[], None] = lambda: None,
) -> str:
    """Run the sweep of `plan` to its total, audit its best, write reports/sweep; returns the summary to print.

    `on_written` is called when the trials have been written, however the sweep ends.
    With `herbarium --debug` trials run in this process, where what one raises is raised.
    """
    ended = plan.trials()
    with (
        _telling_what_is_kept(plan, ended),
        SweepRun() as shown,
        _workers(min(workers, plan.lag), scheduler) as started,
        display(plan, ended, quiet) as screen,
    ):
        _say_who_idles(plan, workers if scheduler is None else started.count)
        shown.started(plan.study.study_name, _asked(plan), _circumstances(plan))
        _greet(plan, ended, screen, shown)
        try:
            done = coordinator.run(plan, started, _listener(plan, ended, screen, shown))
        finally:
            write(plan, ended)
            on_written()
        audits = audit.run(plan, done, started, screen.training)
        audited.write(audits)
        shutil.rmtree(paths.WARM_UPS, ignore_errors=True)
        figures.draw(recorded.in_memory(plan.study), paths.SWEEP_FIGURES, plan.objective.said)
        _finish(plan, done, audits, shown)
    return summary(plan, done, audits)


def write(plan: Plan, ended: list[Trial]) -> None:
    """The trials so far, and what was asked for. Audit and figures that are there are of a sweep before, or of fewer
    trials."""
    paths.AUDIT.unlink(missing_ok=True)
    shutil.rmtree(paths.SWEEP_FIGURES, ignore_errors=True)
    trials.write(paths.TRIALS, ended, plan.keys, plan.objective)
    sweep_settings.write(_asked(plan).sweep.model_dump())


@contextmanager
def _telling_what_is_kept(plan: Plan, ended: list[Trial]) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        verbosity.note(
            f"interrupted; {len(ended)} of {plan.total} trials are kept, `herbarium sweep` goes on after them"
        )
        raise


def _asked(plan: Plan) -> Params:
    """The parameters, with so many trials as were asked for."""
    return plan.params.model_copy(update={"sweep": plan.params.sweep.model_copy(update={"trials": plan.total})})


def _circumstances(plan: Plan) -> dict[str, str]:
    """What every trial has in common, as tags in MLflow: data, code and environment."""
    inputs = fingerprint.training_inputs(plan.params)
    return tags.of_training(
        {
            "images_digest": records.digest(inputs["sources"]),
            "features_digest": records.digest(inputs),
            "code": fingerprint.training_code(),
            "environment": environment(plan.params.compute),
        }
    )


def _workers(count: int, scheduler: str | None) -> AbstractContextManager[Workers]:
    return executors.started() if verbosity.debug() else executors.started(count, scheduler)


def _say_who_idles(plan: Plan, workers: int) -> None:
    if workers > plan.lag:
        notices.warn(
            f"{workers - plan.lag} of {workers} workers have nothing to do: at most {plan.lag} trials run at"
            " once, for each is decided from all but the last of those before it (sweep.batch; another value is another"
            " sweep)"
        )


def _greet(plan: Plan, before: list[Trial], screen: Display, shown: SweepRun) -> None:
    if before:
        screen.say(gone_before(len(before), plan.total, plan.study.study_name))
    elif plan.news:
        screen.say(f"a new study, {plan.study.study_name}; {plan.news}")
    for trial in before:  # an interruption may have come between the study and its picture
        shown.ended(trial, plan.params_of(trial))


def gone_before(ended: int, total: int, study: str) -> str:
    """What a sweep begins with that was begun before."""
    if ended < total:
        return f"going on after {ended} of {total} trials of study {study}"
    return f"study {study} has its {ended} trials already{f', {total} were asked for' if ended > total else ''}"


def _listener(plan: Plan, ended: list[Trial], screen: Display, shown: SweepRun) -> Listener:
    def tell(trial: Trial) -> None:
        ended.append(trial)
        screen.ended(trial)
        shown.ended(trial, plan.params_of(trial))

    return Listener(screen.begun, tell)


def _finish(plan: Plan, done: list[Trial], audits: list[Audited], shown: SweepRun) -> None:
    best = trials.best(done)
    if best is None:
        return
    taken = audit.recommended(done, audits)
    assert taken
    labels = {"best_trial": str(best.number), "best_fingerprint": best.fingerprint}
    labels |= {"recommended_trial": str(taken.number), "recommended_fingerprint": taken.fingerprint}
    labels[tags.NOTE] = "\n\n".join(escaped(line) for line in summary(plan, done, audits).splitlines())
    metrics: dict[int | None, dict[str, float]] = {a.number: audited.values(a) for a in audits}
    metrics[None] = {**metrics.get(taken.number, {}), **_found(plan, taken)}  # all of one trial, the one to take
    kept = trials.top(done, plan.params.sweep.keep_models)
    models = {t.number: path for t in kept if (path := plan.model(t.fingerprint)).exists()}
    shown.finished(labels, metrics, paths.TRIALS.parent, models, trials.top(done, _PICTURED))


def _found(plan: Plan, trial: Trial) -> dict[str, float]:
    return {plan.objective.of(ACCURACY): trial.accuracy or 0.0, plan.objective.key: trial.score or 0.0}


def summary(plan: Plan, done: list[Trial], audits: list[Audited]) -> str:
    """What was found, how far to believe it, and what to do next."""
    pruned, failed = (sum(trial.state == state for trial in done) for state in (PRUNED, FAILED))
    count = f"{len(done)} trials, {pruned} pruned, {failed} failed"
    if len(done) < plan.total:
        count += f"; {plan.total - len(done)} were not run: none of the last {plan.params.sweep.patience} was a gain"
    best = trials.best(done)
    if best is None:
        return f"{count}; none is complete, so there is nothing to promote"
    values = ", ".join(f"{key} {short(value)}" for key, value in best.values.items())
    lines = [count, f"best: trial {best.number}, {plan.objective.said} {best.score:.4f} with {values}"]
    lines += [audited.describe(entry) for entry in audits]
    lines += [audit.NONE_OVER_FOLDS] if plan.objective.folds else []
    lines += [said] if audits and (said := audited.remark(plan.params)) else []
    return "\n".join(lines + _next_steps(plan, done, audits))


def _next_steps(plan: Plan, done: list[Trial], audits: list[Audited]) -> list[str]:
    """One recommendation: the trial that `herbarium promote best` takes. An address may hold a password: it is not
    said."""
    best, taken = trials.best(done), audit.recommended(done, audits)
    assert best
    assert taken
    where = " --storage …, as for this sweep" if plan.elsewhere else ""
    which = "it" if best == taken else f"trial {taken.number}, which is ahead by the audit,"
    return [
        f"take {which} into params.yaml: herbarium promote best{where}, then dvc repro",
        f"all trials: {paths.TRIALS}; figures: {paths.SWEEP_FIGURES}; in MLflow: make ui",
    ]
