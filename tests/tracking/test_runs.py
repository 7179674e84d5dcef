import json
import math
from collections.abc import Callable

import pytest
from mlflow.entities import Metric

from pipeline.params.schema import Params
from pipeline.tracking import address, runs, tags
from pipeline.tracking.store import Store, connect, conversation

from .example import EPOCHS, FINGERPRINT


@pytest.fixture
def store(at: Callable[[str | None], Params]) -> Store:
    with conversation(address.tracking_uri(at(None).tracking)):
        return connect(at(None).tracking)


def backbone(params: Params, **values: object) -> Params:
    changed = params.backbone.model_copy(update=values)
    return params.model_copy(update={"backbone": changed})


def test_names_tell_network_layers_optimizer_rate_and_seed(params: Params) -> None:
    assert runs.name(params) == "lr1e-3·adam·u1·s1·conv32-64"
    train = params.train.model_copy(update={"unfrozen_layers": 3, "learning_rate": 0.00032})
    vgg = backbone(params, name="VGG16", layers=[]).model_copy(update={"train": train})
    assert runs.name(vgg) == "lr3.2e-4·adam·u3·s1·vgg16"
    assert runs.name(backbone(params, name="models:/flowers/3")).endswith("·models-flowers-3")
    assert runs.name(backbone(params, name="saved", path="a/tulips.keras")).endswith("·tulips")


def test_parameters_leave_out_what_has_no_effect(params: Params) -> None:
    flat = runs.parameters(params)
    assert flat["train.learning_rate"] == "0.001"
    assert flat["backbone.layers"] == '[32, "pool", 64, "pool"]'
    assert flat["head.batch_norm"] == "false"
    assert flat["train.early_stopping_patience"] == "null"
    assert flat["data.splits.test"] == "train[90%:]"
    silent = ("tracking.", "data.path", "data.allow_leaks", "images.augmentation", "train.warmup_learning_rate")
    assert [key for key in flat if key.startswith(silent)] == []


def test_parameters_have_what_has_an_effect(params: Params) -> None:
    augmentation = params.images.augmentation.model_copy(update={"views": 2, "rotation": 15.0})
    images = params.images.model_copy(update={"augmentation": augmentation})
    train = params.train.model_copy(update={"optimizer": "adamw", "warmup_epochs": 1})
    flat = runs.parameters(params.model_copy(update={"images": images, "train": train}))
    assert flat["images.augmentation.rotation"] == "15.0"
    assert {"train.weight_decay", "train.warmup_learning_rate"} <= flat.keys()


def test_a_run_is_found_by_its_fingerprint_on_its_level(store: Store, params: Params) -> None:
    assert runs.find(store, FINGERPRINT) is None
    run = runs.create(store, FINGERPRINT, params)
    parent = run.info.run_id
    child = store.client.create_run(store.experiment_id, tags={tags.FINGERPRINT: FINGERPRINT, tags.PARENT: parent})
    assert runs.find(store, FINGERPRINT).info.run_id == parent
    assert runs.find(store, FINGERPRINT, parent=parent).info.run_id == child.info.run_id
    assert runs.find(store, "e" * 64) is None


def test_of_several_the_published_one_counts_then_the_oldest(store: Store, params: Params) -> None:
    younger = runs.create(store, FINGERPRINT, params, start_time=2000)
    older = runs.create(store, FINGERPRINT, params, start_time=1000)
    assert runs.find(store, FINGERPRINT).info.run_id == older.info.run_id
    store.client.set_tag(younger.info.run_id, tags.PUBLISHED, "digest")
    assert runs.find(store, FINGERPRINT).info.run_id == younger.info.run_id


def test_deleted_run_is_not_found(store: Store, params: Params) -> None:
    store.client.delete_run(runs.create(store, FINGERPRINT, params).info.run_id)
    assert runs.find(store, FINGERPRINT) is None


def test_long_curves_are_logged_whole_and_only_once(store: Store, params: Params) -> None:
    run = runs.create(store, FINGERPRINT, params)
    metrics = [Metric("epoch/train_loss", 1 / (step + 1), 0, step) for step in range(2500)]
    runs.log(store, run, points=metrics)
    run = store.client.get_run(run.info.run_id)
    present = runs.points(store, run, runs.CURVES)
    assert len(present) == 2500
    assert runs.missing(metrics, present) == []
    assert not runs.contradicts(metrics, present)


def test_diverged_curves_compare_equal_to_what_the_store_kept(store: Store, params: Params) -> None:
    run = runs.create(store, FINGERPRINT, params)
    metrics = [Metric("epoch/train_loss", math.nan, 0, 1), Metric("epoch/validation_loss", math.inf, 0, 1)]
    runs.log(store, run, points=metrics)
    present = runs.points(store, store.client.get_run(run.info.run_id), runs.CURVES)
    assert runs.missing(metrics, present) == []


def test_another_value_at_the_same_step_contradicts() -> None:
    present = {("train_loss", 1): 0.5}
    assert runs.contradicts([Metric("train_loss", 0.6, 0, 1)], present)
    assert runs.contradicts([Metric("train_loss", math.nan, 0, 1)], present)
    assert not runs.contradicts([Metric("train_loss", 0.6, 0, 2)], present)


def test_the_untrained_network_has_no_learning_rate() -> None:
    points = {(metric.key, metric.step) for metric in runs.curve(EPOCHS)}
    assert len(points) == 5 * len(EPOCHS) - 1
    assert ("epoch/learning_rate", 0) not in points


def test_superseded_run_is_kept_but_not_found(store: Store, params: Params) -> None:
    run = runs.create(store, FINGERPRINT, params)
    runs.supersede(store, run)
    assert runs.find(store, FINGERPRINT) is None
    kept = store.client.get_run(run.info.run_id).data.tags
    assert kept["superseded_fingerprint"] == FINGERPRINT
    assert kept[tags.STATE] == "superseded"


def weighted(params: Params, weights: dict[str, float]) -> Params:
    return params.model_copy(update={"train": params.train.model_copy(update={"class_weights": weights})})


def test_weights_of_classes_of_any_name_are_one_parameter(store: Store, params: Params) -> None:
    """MLflow refuses a run of which one parameter's name has a comma, a quote, a parenthesis, an ampersand."""
    weights = {"a,b": 2.0, "it's": 3.0, "R&D (old)": 0.5, "사진": 1.5, 'a "b"': 1.0, "x.y": 4.0}
    flat = runs.parameters(weighted(params, weights))
    assert [key for key in flat if key.startswith("train.class_weights")] == ["train.class_weights"]
    assert flat["train.class_weights"].startswith('{"a,b": 2.0, "it\'s": 3.0, ')
    run = runs.create(store, FINGERPRINT, params)
    runs.log(store, run, params=flat)
    shown = store.client.get_run(run.info.run_id).data.params
    assert json.loads(shown["train.class_weights"]) == weights
    assert shown == flat


def test_of_very_many_classes_the_first_weights_are_shown(store: Store, params: Params) -> None:
    run = runs.create(store, FINGERPRINT, params)
    runs.log(store, run, params=runs.parameters(weighted(params, {f"class {i}": 2.0 for i in range(1000)})))
    assert '"class 99": 2.0' in store.client.get_run(run.info.run_id).data.params["train.class_weights"]
