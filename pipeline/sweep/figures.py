"""Optuna's figures of a sweep: one interactive page, and a picture of each for reports."""

import html
import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import optuna
from matplotlib.ticker import MaxNLocator
from optuna.distributions import CategoricalDistribution, IntDistribution
from optuna.importance import FanovaImportanceEvaluator
from optuna.trial import FrozenTrial, TrialState

from pipeline.files import records
from pipeline.plots import style
from pipeline.plots.tried import Axis, Tried, parallel, slices
from pipeline.process.notices import or_warn


def draw(study: optuna.Study, folder: Path, target: str = "validation accuracy") -> None:
    """Write figures.html and a PNG of each figure into `folder`; importances need two complete trials that differ.
    `target` is what the trials' values are.

    A figure that Optuna cannot draw is a warning: the trials are worth more.
    """
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if not complete:
        return
    varied = len({trial.value for trial in complete}) > 1
    names = ["history", *(["importances"] if varied else []), "parallel_coordinates", "slice", "intermediate_values"]
    axes, trials = _tried(study)
    for name, picture in {"parallel_coordinates": parallel, "slice": slices}.items():
        or_warn(lambda name=name, picture=picture: style.save(picture(axes, trials, target), folder / f"{name}.png"))  # type: ignore[misc]
    or_warn(lambda: _page(study, names, folder / "figures.html", target))
    for name in [name for name in names if name not in ("parallel_coordinates", "slice")]:
        or_warn(lambda name=name: _picture(study, name, folder / f"{name}.png", target))  # type: ignore[misc]


def _tried(study: optuna.Study) -> tuple[list[Axis], list[Tried]]:
    """What the pictures of our own show: pruned and failed trials, too, which Optuna's leave out."""
    trials = [trial for trial in study.get_trials(deepcopy=False) if trial.params]
    names = sorted({name for trial in trials for name in trial.params})
    whole = [trial for trial in trials if trial.params.keys() >= set(names)]
    axes = [_axis(name, whole) for name in names]
    complete = TrialState.COMPLETE
    return axes, [({n: t.params[n] for n in names}, t.value if t.state == complete else None) for t in whole]


def _axis(name: str, trials: Sequence[FrozenTrial]) -> Axis:
    found = trials[0].distributions[name]
    if isinstance(found, CategoricalDistribution):
        return Axis(name, choices=[str(choice) for choice in found.choices])
    return Axis(name, found.low, found.high, found.log, isinstance(found, IntDistribution))


def _functions(module: Any, target: str) -> dict[str, Callable[[optuna.Study], Any]]:
    return {
        "history": lambda s: module.plot_optimization_history(s, target_name=target),
        "importances": lambda s: module.plot_param_importances(
            s, evaluator=FanovaImportanceEvaluator(seed=0), target_name=target
        ),
        "parallel_coordinates": lambda s: module.plot_parallel_coordinate(s, target_name=target),
        "slice": lambda s: module.plot_slice(s, target_name=target),
        "intermediate_values": lambda s: module.plot_intermediate_values(s),
    }


def _page(study: optuna.Study, names: list[str], path: Path, target: str) -> None:
    """All figures in one file that needs no network: the drawing library is inside, once."""
    import optuna.visualization as interactive

    functions = _functions(interactive, target)
    parts = [
        functions[name](study).to_html(full_html=False, include_plotlyjs=name == names[0], div_id=name)
        for name in names
    ]
    title = html.escape(study.study_name)
    head = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head><body>'
    records.write_text(path, "\n".join([head, *parts, "</body></html>\n"]))


def _picture(study: optuna.Study, name: str, path: Path, target: str) -> None:
    os.environ.setdefault("MPLBACKEND", "Agg")
    matplotlib.use("Agg")
    import optuna.visualization.matplotlib as still
    from matplotlib import pyplot

    with style.styled(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _functions(still, target)[name](study)
        drawn = pyplot.gcf()
        for axes in drawn.axes:  # Optuna has a style of its own
            axes.set_facecolor("white")
            axes.grid(color=style.LINES)
            if axes.get_xlabel() == "Trial":
                axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        drawn.set_size_inches(max(8.0, drawn.get_size_inches()[0]), 5.0)
        style.save(drawn, path)
        pyplot.close(drawn)
