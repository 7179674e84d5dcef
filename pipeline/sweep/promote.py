"""Writes a trial's values into params.yaml: the experiment then is that trial, to the last digit."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.files import paths, records
from pipeline.params import config, editing
from pipeline.params.schema import Params
from pipeline.results.trials import COMPLETE, Trial, best, cell
from pipeline.sweep import audit, audited, study
from pipeline.sweep.plans import Plan
from pipeline.sweep.study import SweepError
from pipeline.tracking.trial_runs import trial_of

BEST = "best"
_NONE_COMPLETE = "no trial of the sweep is complete yet: run `herbarium sweep`"
_RUN_ID = re.compile(r"[0-9a-f]{32}")


def promote(plan: Plan, which: str, path: Path = paths.PARAMS) -> str:
    """Write the values of trial `which` to params.yaml; returns what was changed, as text.

    `which` is BEST (by the audit, where there is one), a number, or the ID of the trial's run in MLflow. Raises
    SweepError if there is no such trial or it did not complete, or if its training is another one by now;
    NotATrialError for the ID of another run.
    """
    ended = plan.trials()
    trial = _best(plan, ended) if which == BEST else chosen(ended, _named(plan, which))
    changed = plan.params_of(trial)
    if study.fingerprint(changed) != trial.fingerprint:
        raise SweepError(
            f"trial {trial.number} was trained by other code, on other data or another machine: run `herbarium sweep`"
        )
    lines = [f"{key}: {cell(old)} → {cell(new)}" for key, old, new in _changes(plan.params, trial.values)]
    write(path, trial.values)
    return "\n".join([*(lines or [f"{path} already says what trial {trial.number} tried"]), *_outcome(plan, trial)])


def _best(plan: Plan, ended: list[Trial]) -> Trial:
    trial = audit.recommended(ended, audit.so_far(plan, ended))
    if trial is None:
        raise SweepError(_NONE_COMPLETE)
    return trial


def _named(plan: Plan, which: str) -> str:
    """The number of a trial that is named by it, or by its run's ID."""
    return _number(plan, which) if _RUN_ID.fullmatch(which) else which


def _number(plan: Plan, run_id: str) -> str:
    study_name, number = trial_of(run_id, plan.params.tracking)
    if study_name != plan.study.study_name:
        raise SweepError(
            f"run {run_id} is trial {number} of sweep {study_name}; params.yaml as it is now has sweep"
            f" {plan.study.study_name}: bring back the params.yaml, data and package versions of that sweep"
        )
    return str(number)


def chosen(trials: list[Trial], which: str) -> Trial:
    """The complete trial with the number `which`. Raises SweepError if there is none."""
    if best(trials) is None:
        raise SweepError(_NONE_COMPLETE)
    if not which.isdecimal() or int(which) >= len(trials):
        raise SweepError(f"trial: found {which!r}; allowed: best, a number from 0 to {len(trials) - 1}, a run ID")
    trial = trials[int(which)]
    if trial.state != COMPLETE:
        raise SweepError(f"trial {which} was {trial.state}: only a complete trial has an accuracy to promote")
    return trial


def write(path: Path, values: Mapping[str, Any]) -> None:
    """Set the dotted keys of the YAML file at `path`, leaving everything else, comments included, as it is."""
    records.write_text(path, editing.with_values(config.read_text(path), values, str(path)))


def _changes(params: Params, values: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    before = params.model_dump()
    old = {key: before[section][name] for key in values for section, _, name in [key.partition(".")]}
    return [(key, old[key], value) for key, value in values.items() if old[key] != value]


def _outcome(plan: Plan, trial: Trial) -> list[str]:
    lines = [f"{plan.objective.said} of trial {trial.number}: {trial.score:.4f}"]
    found = audit.of_trial(plan, trial)
    if found:
        lines.append(audited.describe(found))
    return [*lines, "now: dvc repro"]
