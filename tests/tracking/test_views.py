import json
from collections.abc import Callable

import pytest
from mlflow.exceptions import MlflowException

from pipeline.params.schema import Params
from pipeline.tracking import address, tags, views
from pipeline.tracking.store import Store, connect, conversation

PLACES = Callable[[str | None], Params]


def opened(at: PLACES) -> Store:
    with conversation(address.tracking_uri(at(None).tracking)):
        return connect(at(None).tracking)


def tags_of(store: Store) -> dict[str, str]:
    return dict(store.client.get_experiment(store.experiment_id).tags)


def test_an_experiment_has_the_view_its_address_names(at: PLACES) -> None:
    store = opened(at)
    key = views.page(store.experiment_id).rpartition("=")[2]
    view = json.loads(tags_of(store)[f"mlflow.sharedViewState.{key}"])
    state = json.loads(view["state"])
    note = tags_of(store)[tags.NOTE]
    assert note.startswith("[Runs, curves and parameters] of")  # the list of experiments shows it as it is written
    assert views.page(store.experiment_id).removeprefix("/") in note
    assert "metrics.`test_accuracy`" in state["selectedColumns"]
    sections = {section["uuid"] for section in state["compareRunSections"]}
    assert {chart["metricSectionId"] for chart in state["compareRunCharts"]} <= sections


def test_its_columns_are_parameters_and_metrics_there_are(at: PLACES, params: Params) -> None:
    from pipeline.tracking import runs

    state = json.loads(json.loads(tags_of(opened(at))["mlflow.sharedViewState.herbarium"])["state"])
    wanted = {column[8:-1] for column in state["selectedColumns"] if column.startswith("params.")}
    assert wanted
    assert wanted <= runs.parameters(params).keys()
    lines = {chart["metricKey"] for chart in state["compareRunCharts"] if chart["type"] == "LINE"}
    assert lines <= set(runs.CURVES)


def test_an_older_experiment_gets_what_it_lacks_and_keeps_what_it_has(at: PLACES) -> None:
    store = opened(at)
    store.client.delete_experiment_tag(store.experiment_id, "mlflow.experimentKind")
    store.client.set_experiment_tag(store.experiment_id, tags.NOTE, "mine")
    found = tags_of(opened(at))
    assert found[tags.NOTE] == "mine"
    assert found["mlflow.experimentKind"] == "custom_model_development"


def test_who_may_not_write_reads_it_as_it_is(at: PLACES, monkeypatch: pytest.MonkeyPatch) -> None:
    store = opened(at)
    store.client.delete_experiment_tag(store.experiment_id, tags.NOTE)

    def refused(*_: str) -> None:
        raise MlflowException("Permission denied")

    monkeypatch.setattr("mlflow.MlflowClient.set_experiment_tag", refused)
    assert opened(at).experiment_id == store.experiment_id
