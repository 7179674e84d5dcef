"""Why a sweep begins anew: its study is named after all that its trials follow from, and some of that has changed."""

from collections.abc import Mapping

import optuna
from optuna.study import StudySummary

from pipeline.process.compat import optuna_internals
from pipeline.sweep import recorded
from pipeline.sweep.patience import patiently

_NOTE = "parts"
_CALLED = {
    "parameters": "parameters that are not searched",
    "inputs": "images, labels or activations",
    "classes": "names of the classes",
    "environment": "packages, machine or variables",
    "code": "the code that trains",
    "search": "the search",
    "search's code": "the code that searches",
    "libraries": "the library that searches",
    "folds": "which images are held out together",
}


def note(opened: optuna.Study, parts: Mapping[str, str]) -> None:
    """Keep with a study what its name was made of."""
    if _NOTE not in recorded.notes(opened):
        recorded.note(opened, _NOTE, dict(parts))


def change(url: str, name: str, parts: Mapping[str, str]) -> str:
    """What parts the study `name` from the one at `url` that is most like it, in a line; empty if there is none."""
    others = [summary for summary in patiently(lambda: _summaries(url)) if _is_like(summary, name)]
    if not others:
        return ""
    nearest = min(others, key=lambda other: (len(_differing(other, parts)), -other.n_trials))
    changed = " and ".join(_CALLED[part] for part in _differing(nearest, parts))
    return f"changed since {nearest.study_name} ({nearest.n_trials} trials): {changed}"


def _summaries(url: str) -> list[StudySummary]:
    storage = optuna_internals.numbered_storage(url)
    return list(optuna.get_all_study_summaries(storage, include_best_trial=False))


def _is_like(other: StudySummary, name: str) -> bool:
    """Whether it is a sweep of ours of the same data set, with trials."""
    same_data = other.study_name.rpartition("-")[0] == name.rpartition("-")[0]
    return same_data and other.study_name != name and other.n_trials > 0 and _NOTE in other.user_attrs


def _differing(other: StudySummary, parts: Mapping[str, str]) -> list[str]:
    return [part for part in _CALLED if other.user_attrs[_NOTE].get(part) != parts.get(part)]
