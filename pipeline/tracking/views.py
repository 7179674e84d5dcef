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
_CURVES = ("train_accuracy", "validation_accuracy", "train_loss", "validation_loss")
_SECTION = "curves"
_DESCRIPTION = f"**{_NAME}** (above, right) compares runs; each run's artifacts begin with its `report.html`."


def labels() -> dict[str, str]:
    """The tags of an experiment."""
    now = int(time.time() * 1000)
    view = {"name": _NAME, "createdAt": now, "updatedAt": now, "state": json.dumps(_state())}
    return {_VIEW: json.dumps(view), "mlflow.experimentKind": "custom_model_development", tags.NOTE: _DESCRIPTION}


def complete(client: MlflowClient, experiment: Experiment) -> None:
    """Give an experiment those of the tags it has not. Who may not write there reads it as it is."""
    with contextlib.suppress(MlflowException):
        for key, text in labels().items():
            if key not in experiment.tags:
                client.set_experiment_tag(experiment.experiment_id, key, text)


def page(experiment_id: str) -> str:
    """Where on a server the experiment is seen with this view: what follows the server's address."""
    return f"/#/experiments/{experiment_id}/runs?workflowType=machine_learning&viewStateShareKey={_KEY}"


def _state() -> dict[str, Any]:
    metrics = [f"metrics.`{name}`" for name in ("final_validation_accuracy", "test_accuracy")]
    parameters = [f"params.`{name}`" for name in _PARAMETERS]
    shown = {"display": True, "isReordered": False, "deleted": False, "isGenerated": False}
    return {
        "orderByKey": "attributes.start_time",
        "orderByAsc": False,
        "selectedColumns": [*metrics, *parameters, f"tags.`{tags.STATE}`"],
        "compareRunCharts": _charts(),
        "compareRunSections": [
            {"uuid": _SECTION, "name": "Curves", **shown},
            {"uuid": "others", "name": "Model metrics", **shown, "display": False},
        ],
        "isAccordionReordered": True,
    }


def _charts() -> list[dict[str, Any]]:
    lines = [_chart("LINE", name, metricKey=name, xAxisKey="step", scaleType="linear") for name in _CURVES]
    parameters = {"selectedParams": list(_PARAMETERS), "selectedMetrics": ["final_validation_accuracy"]}
    return [
        *lines,
        _chart("BAR", "test_accuracy", metricKey="test_accuracy"),
        _chart("PARALLEL", "parameters and validation accuracy", **parameters, showAllRuns=True),
    ]


def _chart(kind: str, name: str, **settings: Any) -> dict[str, Any]:
    place = {"uuid": f"{_SECTION} {name}", "metricSectionId": _SECTION, "deleted": False, "isGenerated": False}
    lines = {"lineSmoothness": 0, "useGlobalXaxisKey": True, "useGlobalLineSmoothing": True, "range": {}}
    return {"type": kind, "displayName": name, "runsCountToCompare": 20, **place, **lines, **settings}
