"""Optuna's figures of a sweep: one interactive page, and a picture of each for reports."""

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib
import optuna
from optuna.importance import FanovaImportanceEvaluator
from optuna.trial import TrialState

from pipeline.files import records
from pipeline.plots import style
from pipeline.process.notices import or_warn

_TARGET = "validation accuracy"


def draw(study: optuna.Study, folder: Path) -> None:
    """Write figures.html and a PNG of each figure into `folder`; importances need two complete trials that differ.

    A figure that Optuna cannot draw is a warning: the trials are worth more.
    """
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if not complete:
        return
    varied = len({trial.value for trial in complete}) > 1
    names = ["history", *(["importances"] if varied else []), "parallel_coordinates", "slice", "intermediate_values"]
    or_warn(lambda: _page(study, names, folder / "figures.html"))
    for name in names:
        or_warn(lambda name=name: _picture(study, name, folder / f"{name}.png"))  # type: ignore[misc]


def _functions(module: Any) -> dict[str, Callable[[optuna.Study], Any]]:
    return {
        "history": lambda s: module.plot_optimization_history(s, target_name=_TARGET),
        "importances": lambda s: module.plot_param_importances(
            s, evaluator=FanovaImportanceEvaluator(seed=0), target_name=_TARGET
        ),
        "parallel_coordinates": lambda s: module.plot_parallel_coordinate(s, target_name=_TARGET),
        "slice": lambda s: module.plot_slice(s, target_name=_TARGET),
        "intermediate_values": lambda s: module.plot_intermediate_values(s),
    }


def _page(study: optuna.Study, names: list[str], path: Path) -> None:
    """All figures in one file that needs no network: the drawing library is inside, once."""
    import optuna.visualization as interactive

    functions = _functions(interactive)
    parts = [
        functions[name](study).to_html(full_html=False, include_plotlyjs=name == names[0], div_id=name)
        for name in names
    ]
    head = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{study.study_name}</title></head><body>'
    records.write_text(path, "\n".join([head, *parts, "</body></html>\n"]))


def _picture(study: optuna.Study, name: str, path: Path) -> None:
    os.environ.setdefault("MPLBACKEND", "Agg")
    matplotlib.use("Agg")
    import optuna.visualization.matplotlib as still
    from matplotlib import pyplot

    with style.styled(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _functions(still)[name](study)
        drawn = pyplot.gcf()
        drawn.set_size_inches(max(8.0, drawn.get_size_inches()[0]), 5.0)
        style.save(drawn, path)
        pyplot.close(drawn)
