"""What MLflow's page of an experiment opens with: the columns and charts that tell runs apart, as one of its views.

Without it MLflow shows neither an accuracy nor a parameter, draws a chart of everything, and takes the experiment for
one with language models. The view is kept in tags of the experiment; who changes it in MLflow keeps the changed one.
"""

import contextlib
import json
import time
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Experiment
from mlflow.exceptions import MlflowException

from pipeline.tracking import tags

# As MLflow's pages write them when a person saves a view (seen in 3.17).
_KEY = "herbarium"
_VIEW = f"mlflow.sharedViewState.{_KEY}"
_NAME = "Accuracy, parameters, curves"
_PARAMETERS = ("train.learning_rate", "train.optimizer", "train.unfrozen_layers", "head.dropout")
_MOST_DRAWN = 100  # runs in a chart
_FIGURES = ("validation_accuracy", "test_accuracy")
_CURVES = ("epoch/validation_accuracy", "epoch/train_accuracy", "epoch/validation_loss", "epoch/train_loss")
_RESULTS, _SECTION = "results", "curves"
# A list of experiments shows its beginning as it is written, the page of one as Markdown: so without any signs but the
# link's brackets, and the place last. MLflow 3.17 opens an experiment, whatever its kind, as one of language models.
_DESCRIPTION = "[Runs, curves and parameters] of image classifiers; report.html, in a run's artifacts, has all."


def description(experiment_id: str) -> str:
    """What MLflow says of an experiment everywhere: it begins with a link to the view."""
    return f"{_DESCRIPTION}\n\n[Runs, curves and parameters]: {page(experiment_id).lstrip('/')}\n"


def labels() -> dict[str, str]:
    """The tags of an experiment."""
    now = int(time.time() * 1000)
    view = {"name": _NAME, "createdAt": now, "updatedAt": now, "state": json.dumps(_state())}
    return {_VIEW: json.dumps(view), "mlflow.experimentKind": "custom_model_development"}


def complete(client: MlflowClient, experiment: Experiment) -> None:
    """Give an experiment those of the tags it has not. Who may not write there reads it as it is."""
    with contextlib.suppress(MlflowException):
        for key, text in {**labels(), tags.NOTE: description(experiment.experiment_id)}.items():
            if key not in experiment.tags:
                client.set_experiment_tag(experiment.experiment_id, key, text)


def page(experiment_id: str) -> str:
    """Where on a server the experiment is seen with this view: what follows the server's address."""
    return f"/#/experiments/{experiment_id}/runs?workflowType=machine_learning&viewStateShareKey={_KEY}"


def _state() -> dict[str, Any]:
    metrics = [f"metrics.`{name}`" for name in _FIGURES]
    parameters = [f"params.`{name}`" for name in _PARAMETERS]
    shown = {"display": True, "isReordered": False, "deleted": False, "isGenerated": False}
    return {
        "orderByKey": "attributes.start_time",
        "orderByAsc": False,
        "selectedColumns": [*metrics, *parameters, f"tags.`{tags.STATE}`"],
        "compareRunCharts": _charts(),
        "compareRunSections": [
            {"uuid": _SECTION, "name": "Curves", **shown},
            {"uuid": _RESULTS, "name": "Results", **shown},
            {"uuid": "others", "name": "Model metrics", **shown, "display": False},
        ],
        "isAccordionReordered": True,
        "runsHiddenMode": "SHOW_ALL",  # of ten, an expanded sweep's trials would be all
    }


def _charts() -> list[dict[str, Any]]:
    parameters = {"selectedParams": list(_PARAMETERS), "selectedMetrics": [_FIGURES[0]]}
    return [
        *(_chart("LINE", _SECTION, name, metricKey=name, xAxisKey="step", scaleType="linear") for name in _CURVES),
        *(_chart("BAR", _RESULTS, name, metricKey=name) for name in _FIGURES),
        _chart("PARALLEL", _RESULTS, "parameters and validation accuracy", **parameters, showAllRuns=True),
    ]


def _chart(kind: str, section: str, name: str, **settings: Any) -> dict[str, Any]:
    place = {"uuid": f"{section} {name}", "metricSectionId": section, "deleted": False, "isGenerated": False}
    lines = {"lineSmoothness": 0, "useGlobalXaxisKey": True, "useGlobalLineSmoothing": True, "range": {}}
    return {"type": kind, "displayName": name, "runsCountToCompare": _MOST_DRAWN, **place, **lines, **settings}
