"""The run is complete after any history: never trained here, shown live, interrupted, published before."""

import errno
import json
import subprocess
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest

from pipeline.files import paths, records
from pipeline.params.schema import Params
from pipeline.results import history, predictions
from pipeline.results.history import Epoch
from pipeline.results.metrics import ClassScores
from pipeline.serving import bundle
from pipeline.serving.probe import ServedModelError
from pipeline.tracking import address, description, runs, tags
from pipeline.tracking.live import Live
from pipeline.tracking.publish import outcome_metrics, publish
from pipeline.tracking.results import Results, ResultsError
from pipeline.tracking.store import Store, connect, conversation

from .example import CLASSES, EPOCHS, FINGERPRINT, METRICS, TRAINING, write_predictions

pytestmark = pytest.mark.usefixtures("finished")


@pytest.fixture
def store(params: Params) -> Store:
    with conversation(address.tracking_uri(params.tracking)):
        return connect(params.tracking)


def everything(store: Store) -> dict[str, Any]:
    """All that the store holds of the experiment, comparable."""
    found = store.client.search_runs([store.experiment_id])
    models = store.client.search_logged_models([store.experiment_id])
    return {
        "runs": {run.info.run_id: run.to_dictionary() for run in found},
        "points": {
            (run.info.run_id, name): [m.to_dictionary() for m in store.client.get_metric_history(run.info.run_id, name)]
            for run in found
            for name in run.data.metrics
        },
        "models": {model.model_id: model.to_dictionary() for model in models},
    }


def unwanted() -> None:
    raise AssertionError("the model was built again")


def test_a_run_is_made_from_the_files_alone(params: Params, store: Store, model: Any) -> None:
    published = publish(params, lambda: model)
    assert published.created
    assert published.url is None
    run = store.client.get_run(published.run_id)
    assert (run.info.status, run.data.tags[tags.STATE]) == ("FINISHED", "published")
    assert run.info.start_time == run.info.end_time == int(paths.METRICS.stat().st_mtime * 1000)
    assert run.data.tags["environment.instruction_set"] == "x86_64 avx2"
    assert run.data.metrics["test_accuracy"] == 0.5
    assert run.data.tags["kept_epoch"] == "2"
    assert run.data.metrics["validation_accuracy"] == METRICS["validation_accuracy"]
    curve = store.client.get_metric_history(published.run_id, "epoch/train_loss")
    assert [(point.step, point.value) for point in curve] == [(e.epoch, e.train_loss) for e in EPOCHS]
    assert "Test accuracy 0.5000" in run.data.tags["mlflow.note.content"]


def test_files_and_data_sets_are_attached(params: Params, store: Store, model: Any) -> None:
    records.write_text(paths.LOCK, "schema: '2.0'\n")
    run = store.client.get_run(publish(params, lambda: model, {"train": 12.5}).run_id)
    listed = {
        folder: {entry.path for entry in store.client.list_artifacts(run.info.run_id, folder) if not entry.is_dir}
        for folder in ("", "reports")
    }
    assert run.data.metrics["seconds/train"] == 12.5
    pictures = {path.name for path in paths.PICTURES}  # at the top, where MLflow compares pictures of runs
    assert listed[""] == {"report.html", "params.yaml", "dvc.lock", "model_summary.txt"} | pictures
    assert {"reports/metrics.json", "reports/history.csv", "reports/predictions.csv"} <= listed["reports"]
    inputs = {entry.tags[0].value: entry.dataset for entry in run.inputs.dataset_inputs}
    assert inputs.keys() == {"train", "validation", "test"}
    assert records.file_digest(paths.images("test")).startswith(inputs["test"].digest)
    assert json.loads(inputs["test"].source)["tags"]["split"] == "train[90%:]"


def test_publishing_twice_changes_nothing(params: Params, store: Store, model: Any) -> None:
    first = publish(params, lambda: model)
    before = everything(store)
    second = publish(params, unwanted)
    assert (second.run_id, second.created) == (first.run_id, False)
    assert everything(store) == before
    assert len(before["runs"]) == len(before["models"]) == 1


def test_a_live_run_is_completed(params: Params, store: Store, model: Any) -> None:
    with Live() as live:
        live.started(FINGERPRINT, params)
        live.epoch(EPOCHS[0])
        live.epoch(EPOCHS[1])
    shown = runs.find(store, FINGERPRINT)
    published = publish(params, lambda: model)
    assert (published.run_id, published.created) == (shown.info.run_id, False)
    run = store.client.get_run(published.run_id)
    assert (run.info.start_time, run.info.end_time) == (shown.info.start_time, shown.info.end_time)
    for name in runs.CURVES:
        steps = [point.step for point in store.client.get_metric_history(published.run_id, name)]
        assert steps == [epoch.epoch for epoch in EPOCHS if epoch.epoch or name != "epoch/learning_rate"]


def test_an_interrupted_publication_is_taken_up(params: Params, store: Store, model: Any) -> None:
    with pytest.raises(KeyboardInterrupt):
        publish(params, _interrupting)
    run = runs.find(store, FINGERPRINT)
    store.client.create_logged_model(store.experiment_id, "model", source_run_id=run.info.run_id)
    published = publish(params, lambda: model)
    assert published.run_id == run.info.run_id
    content = everything(store)
    assert len(content["runs"]) == len(content["models"]) == 1
    assert {len(points) for (_, name), points in content["points"].items() if name not in runs.CURVES} == {1}


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), MemoryError(), KeyError("layer")])
@pytest.mark.parametrize("where", ["the model", "familiarity", "saving", "the description"])
def test_a_fault_of_ours_is_not_told_as_mlflows(
    params: Params, store: Store, model: Any, error: Exception, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the next publication completes the run."""

    def fail(*_: object, **__: object) -> Any:
        raise error

    build, familiarity = (
        fail if where == "the model" else lambda: model,
        fail if where == "familiarity" else lambda: None,
    )
    with monkeypatch.context() as patch:
        if where == "saving":
            patch.setattr(bundle, "save_data", fail)
        if where == "the description":
            patch.setattr(description, "markdown", fail)
        with pytest.raises(type(error)) as raised:
            publish(params, build, familiarity=familiarity)
    assert raised.value is error
    publish(params, lambda: model)
    assert runs.find(store, FINGERPRINT).data.tags[tags.STATE] == "published"


def _interrupting() -> None:
    raise KeyboardInterrupt


def test_the_model_in_mlflow_predicts_what_was_evaluated(
    params: Params, store: Store, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = store.client.get_run(publish(params, lambda: model).run_id)
    model_id = run.outputs.model_outputs[0].model_id
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store.uri)
    served = mlflow.pyfunc.load_model(f"models:/{model_id}")
    answers = served.predict([{"image": image.tolist()} for image in records.read_npy(paths.images("test"))])
    assert served.metadata.signature is not None
    assert served.predict(served.input_example) == answers[:1]
    evaluated = predictions.read(paths.PREDICTIONS)
    for answer, label, row in zip(answers, evaluated.predicted, evaluated.probabilities, strict=True):
        assert answer["class"] == CLASSES[label]
        assert answer["probabilities"] == pytest.approx(dict(zip(CLASSES, row, strict=True)), abs=1e-6)
    assert served.metadata.run_id == run.info.run_id
    assert served.metadata.metadata == {"classes": CLASSES, "image": [8, 8, 1]}
    folder = Path(mlflow.artifacts.download_artifacts(f"models:/{model_id}"))
    assert "tensorflow==" in (folder / "requirements.txt").read_text()
    logged = store.client.get_logged_model(model_id)
    assert {metric.key: metric.value for metric in logged.metrics}["test_accuracy"] == 0.5
    assert (logged.name, logged.tags["run"]) == ("model", run.info.run_name)
    assert logged.params == runs.parameters(params)
    assert logged.tags["fingerprint"] == FINGERPRINT


def test_another_model_than_the_evaluated_is_refused(params: Params, store: Store, model: Any) -> None:
    write_predictions(np.full((6, 3), 1 / 3))
    with pytest.raises(ServedModelError, match=r"differs from reports/predictions.csv by .* allowed: 0.0001"):
        publish(params, lambda: model)
    assert everything(store)["models"] == {}
    run = runs.find(store, FINGERPRINT)
    assert run.info.status == "FINISHED"
    assert tags.PUBLISHED not in run.data.tags


def test_another_outcome_supersedes_the_run(params: Params, store: Store, model: Any) -> None:
    first = publish(params, lambda: model)
    history.write(paths.HISTORY, [*EPOCHS[:2], Epoch(2, 0.71, 0.6, 0.9, 0.55, 1e-3)])
    second = publish(params, lambda: model)
    assert second.created
    assert runs.find(store, FINGERPRINT).info.run_id == second.run_id
    assert store.client.get_run(first.run_id).data.tags["superseded_fingerprint"] == FINGERPRINT


def test_changed_reports_are_shown_without_a_new_run(params: Params, store: Store, model: Any) -> None:
    first = publish(params, lambda: model)
    records.write_json(paths.METRICS, {**METRICS, "test_calibration_error": 0.2})
    second = publish(params, unwanted)
    assert second.run_id == first.run_id
    assert store.client.get_run(second.run_id).data.metrics["test_calibration_error"] == 0.2
    assert len(store.client.get_metric_history(second.run_id, "test_accuracy")) == 1


def test_a_commit_afterwards_is_taken_up(params: Params, store: Store, model: Any) -> None:
    run_id = publish(params, lambda: model).run_id
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    for arguments in (["init"], ["add", "params.yaml"], [*identity, "commit", "-m", "Begin"]):
        subprocess.run(["git", *arguments], check=True, capture_output=True)
    assert publish(params, unwanted).run_id == run_id
    found = store.client.get_run(run_id).data.tags
    assert found["git_dirty"] == "false"
    assert f"git checkout {found['mlflow.source.git.commit']}" in found[tags.NOTE]


def test_missing_files_are_reported_before_mlflow_is_asked(params: Params, project: Path) -> None:
    paths.METRICS.unlink()
    with pytest.raises(ResultsError, match=r"reports/metrics\.json: not found"):
        publish(params, unwanted)
    assert not (project / "mlflow.db").exists()


def test_neither_classes_nor_counts_have_a_chart_each() -> None:
    named = {f"class {i}": ClassScores(1.0, 0.25 * i, 1.0, 1) for i in range(3)}
    found = Results(TRAINING, EPOCHS, METRICS, list(named), np.zeros((1, 3)), named)
    values = {metric.key: metric.value for metric in outcome_metrics(found, "m-1")}
    assert values.keys() == {
        *(name for name, value in METRICS.items() if isinstance(value, float)),
        *("test_macro_f1", "test_lowest_recall"),
    }
    assert (values["test_macro_f1"], values["test_lowest_recall"]) == (1.0, 0.0)


def test_a_run_that_weighs_classes_of_any_name_is_complete(params: Params, store: Store, model: Any) -> None:
    train = params.train.model_copy(update={"class_weights": {"a,b": 2.0, "it's (old)": 3.0}})
    run = store.client.get_run(publish(params.model_copy(update={"train": train}), lambda: model).run_id)
    assert run.data.tags[tags.STATE] == "published"
    assert run.data.params["train.class_weights"].startswith('{"a,b": 2.0')
    (logged,) = store.client.search_logged_models([store.experiment_id])
    assert logged.params["train.class_weights"] == run.data.params["train.class_weights"]


def test_other_test_images_are_another_run(params: Params, store: Store, model: Any) -> None:
    """The network is the same, and MLflow can neither change a parameter nor take a data set away."""
    first = publish(params, lambda: model)
    records.write_npy(paths.images("test"), np.random.default_rng(2).integers(0, 256, (6, 8, 8, 1), dtype=np.uint8))
    write_predictions(model.predict(records.read_npy(paths.images("test")), verbose=0).astype(float))
    splits = params.data.splits.model_copy(update={"test": "train[95%:]"})
    other = params.model_copy(update={"data": params.data.model_copy(update={"splits": splits})})
    second = publish(other, lambda: model)
    assert second.created
    run = store.client.get_run(second.run_id)
    digests = {entry.tags[0].value: entry.dataset.digest for entry in run.inputs.dataset_inputs}
    assert records.file_digest(paths.images("test")).startswith(digests["test"])
    assert run.data.params["data.splits.test"] == "train[95%:]"
    before = store.client.get_run(first.run_id).data
    assert (before.tags[tags.STATE], before.params["data.splits.test"]) == ("superseded", params.data.splits.test)
    assert publish(other, unwanted).run_id == second.run_id
