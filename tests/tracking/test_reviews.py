"""Reviews and replications as MLflow shows them, and a run's files brought back for a review."""

from pathlib import Path

import pytest

from pipeline.files import paths, records
from pipeline.process.errors import ConfigError
from pipeline.tracking import colours, publish, reviews, tags
from pipeline.tracking.store import connect

from .example import EPOCHS, FINGERPRINT

REVIEW = {"outcome": "REPRODUCED", "split": "test", "seeds": [{"test_accuracy": 0.5}, {"test_accuracy": 0.6}]}


def runs_of(params):
    store = connect(params.tracking)
    return store, store.client.search_runs([store.experiment_id])


def test_a_review_is_shown_once(params, project):
    report = Path("reports/verdict/digits.md")
    records.write_text(report, "# Review")
    records.write_json(report.with_suffix(".json"), REVIEW)
    for _ in range(2):
        reviews.log_review("digits", REVIEW, report, params.tracking)
    store, (run,) = runs_of(params)
    assert run.data.tags["outcome"] == "REPRODUCED"
    assert run.data.tags[reviews.KIND] == "review"
    assert run.info.status == "FINISHED"
    history = store.client.get_metric_history(run.info.run_id, "test_accuracy")
    assert {point.step: point.value for point in history} == {0: 0.5, 1: 0.6}


def test_a_replication_has_a_child_a_seed_however_often_it_is_shown(params, project):
    report = Path("reports/replicate.json")
    records.write_json(report, {})
    for _ in range(2):
        shown = reviews.Replication("digest", params)
        for name in ("a", "b"):
            shown.seed(params, name, EPOCHS, {"test_accuracy": 0.5, "validation_accuracy": 0.55})
        shown.finished({"test_accuracy_mean": 0.5}, report)
    _, found = runs_of(params)
    (parent,) = (run for run in found if run.data.tags.get(reviews.KIND) == "replication")
    children = [run for run in found if run.data.tags.get(tags.PARENT) == parent.info.run_id]
    assert len(found) == 3
    assert {run.data.tags[tags.FINGERPRINT] for run in children} == {"a", "b"}
    assert len({run.data.tags[colours.TAG] for run in children}) == 2  # or nobody could tell their curves apart
    assert all(run.data.metrics["validation_accuracy"] == 0.55 for run in children)
    assert parent.data.metrics["test_accuracy_mean"] == 0.5


def test_of_later_seeds_the_later_means_are_shown(params, project):
    report = Path("reports/replicate.json")
    records.write_json(report, {})
    for mean in (0.9, 0.8):
        reviews.Replication("digest", params).finished({"test_accuracy_mean": mean}, report)
    _, (run,) = runs_of(params)
    assert run.data.metrics["test_accuracy_mean"] == 0.8


def test_a_seed_s_run_that_was_cut_off_is_completed(params, project, monkeypatch):
    shown = reviews.Replication("digest", params)

    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(reviews, "_complete", cut_off)
        with pytest.raises(KeyboardInterrupt):
            shown.seed(params, "a", EPOCHS, {"test_accuracy": 0.5})
    for _ in range(2):
        shown.seed(params, "a", EPOCHS, {"test_accuracy": 0.5})
    store, found = runs_of(params)
    (child,) = (run for run in found if run.data.tags[tags.FINGERPRINT] == "a")
    assert child.info.status == "FINISHED"
    assert child.data.metrics["test_accuracy"] == 0.5
    assert len(store.client.get_metric_history(child.info.run_id, "test_accuracy")) == 1


def test_a_published_run_s_files_come_back(params, finished, model):
    run = publish.publish(params, lambda: model)
    folder = finished / "download"
    found = reviews.download(run.run_id, params.tracking, folder)
    assert found[tags.FINGERPRINT] == FINGERPRINT
    for path in (paths.PARAMS, paths.METRICS, paths.PREDICTIONS):
        assert (folder / path.name).read_bytes() == path.read_bytes()


def test_an_unknown_run_is_an_error(params, project):
    with pytest.raises(ConfigError, match="no such run"):
        reviews.download("0" * 32, params.tracking, project)
