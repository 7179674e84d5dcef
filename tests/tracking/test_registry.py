"""Versions and the champion: it moves for a difference that is no luck, on the same images, or by force."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.commands import results
from pipeline.files import paths, records
from pipeline.identity import agreement, certificate, receipts
from pipeline.params.schema import Params
from pipeline.process.errors import ConfigError
from pipeline.results import predictions, typed_tables
from pipeline.results.predictions import Predictions
from pipeline.tracking import address, models, registry
from pipeline.tracking.publish import publish
from pipeline.tracking.store import connect, conversation

from .example import CLASSES, TRAINING

pytestmark = pytest.mark.usefixtures("finished")


def answers(right: int, first: str = "image 0") -> Predictions:
    """Of forty images, the first `right` ones predicted right."""
    labels = np.zeros(40, np.int64)
    predicted = np.where(np.arange(40) < right, 0, 1)
    probabilities = np.eye(3)[predicted] * 0.7 + 0.1
    return Predictions(CLASSES, [first, *(f"image {i}" for i in range(1, 40))], labels, probabilities)


@pytest.mark.parametrize(
    ("candidate", "better", "reason"),
    [
        (answers(38), True, r"95.0 % is better than the champion's 75.0 % .*p = 0.00781"),
        (answers(33), False, r"82.5 % is not significantly better than the champion's 75.0 %"),
        (answers(38, first="another"), False, "measured on other validation images"),
        (answers(20), False, r"50.0 % is not significantly better .*p = 0.00195"),
    ],
)
def test_only_a_difference_beyond_chance_counts(candidate: Predictions, better: bool, reason: str) -> None:
    decided, sentence = registry.compared(candidate, answers(30))
    assert decided == better
    assert re.search(reason, sentence)


def test_the_more_trainings_have_been_looked_at_the_surer_it_must_be() -> None:
    few, many = (registry.compared(answers(38), answers(30), "validation", looks) for looks in (6, 40))
    assert few[0]
    assert "p = 0.00781; needed: below 0.01, as 6 trainings" in few[1]
    assert not many[0]
    assert "needed: below 0.0013, as 40 trainings were measured on these images" in many[1]


def test_the_first_version_is_the_champion_and_stays_one(
    params: Params, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = publish(params, lambda: model).run_id
    first = registry.register(params.tracking, run_id, "trees")
    again = registry.register(params.tracking, run_id, "trees")
    assert (first.version, first.champion, first.reason) == ("1", True, "there was no champion")
    assert (again.version, again.champion, again.reason) == ("1", True, "it already was the champion")
    with conversation(address.tracking_uri(params.tracking)):
        version = connect(params.tracking).client.get_model_version("trees", "1")
    assert version.description.startswith("**Test accuracy 0.5000** (95 % interval 0.3000–0.7000), of run")
    assert version.tags["test_accuracy"] == "0.5000"
    assert version.tags["dataset_digest"] == TRAINING["images_digest"]
    assert version.run_id == run_id
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///mlflow.db")
    loaded = mlflow.pyfunc.load_model("models:/trees@champion")
    assert loaded.predict([{"image": [[0] * 8] * 8}])[0]["class"] in CLASSES


def test_everything_goes_into_one_store_whatever_the_shell_and_the_folder_mean(
    at: Callable[[str | None], Params], model: Any, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs, models, versions and what is read back, with variables of MLflow's and an old store beside it."""
    elsewhere = {"MLFLOW_TRACKING_URI": "sqlite:///mine.db", "MLFLOW_REGISTRY_URI": "databricks-uc"}
    elsewhere |= {"MLFLOW_EXPERIMENT_NAME": "other", "MLFLOW_RUN_ID": "0" * 32, "MLFLOW_EXPERIMENT_ID": "77"}
    for name, value in elsewhere.items():
        monkeypatch.setenv(name, value)
    (project / "mlruns/0").mkdir(parents=True)
    (project / "mlruns/0/meta.yaml").write_text("experiment_id: '0'\nname: Default\nlifecycle_stage: active\n")
    params = at("sqlite:///team.db")
    run = publish(params, lambda: model)
    assert registry.register(params.tracking, run.run_id, "trees").champion
    for name in elsewhere:
        monkeypatch.delenv(name)
    assert models.opened("models:/trees@champion", params.tracking)
    assert {path.name for path in project.iterdir() if path.suffix == ".db"} == {"team.db"}
    assert [path.name for path in (project / "mlruns").rglob("*")] == ["0", "meta.yaml"]
    shutil.rmtree(project / "mlruns")


def test_a_champion_that_was_registered_by_other_means_stays_unless_it_is_forced(params: Params, model: Any) -> None:
    """It has no run, so no predictions that others can be compared with."""
    run_id = publish(params, lambda: model).run_id
    with conversation(address.tracking_uri(params.tracking)):
        client = connect(params.tracking).client
        client.create_registered_model("trees")
        other = client.create_model_version("trees", "file:///elsewhere")
        client.set_registered_model_alias("trees", registry.CHAMPION, other.version)
    made = registry.register(params.tracking, run_id, "trees")
    assert not made.champion
    assert "cannot be compared" in made.reason
    assert registry.register(params.tracking, run_id, "trees", force=True).champion
    assert champion(params) == run_id


def test_a_version_that_is_no_better_is_registered_and_moves_nothing(params: Params, model: Any) -> None:
    first = publish(params, lambda: model).run_id
    registry.register(params.tracking, first, "trees")
    records.write_json(paths.TRAINING, {**TRAINING, "fingerprint": "e" * 64})
    second = publish(params, lambda: model).run_id
    made = registry.register(params.tracking, second, "trees")
    assert (made.version, made.champion) == ("2", False)
    assert "not significantly better" in made.reason
    assert champion(params) == first
    forced = registry.register(params.tracking, second, "trees", force=True)
    assert (forced.version, forced.champion) == ("2", True)
    assert champion(params) == second


def test_a_run_with_several_versions_is_the_champion_by_any_of_them(params: Params, model: Any) -> None:
    """MLflow's page registers a run's model as often as one asks it to."""
    first = publish(params, lambda: model).run_id
    registry.register(params.tracking, first, "trees")
    with conversation(address.tracking_uri(params.tracking)):
        store = connect(params.tracking)
        store.client.create_model_version("trees", str(paths.REPORTS.resolve()), first)
    for force in (False, True):
        made = registry.register(params.tracking, first, "trees", force)
        assert (made.version, made.champion, made.reason) == ("1", True, "it already was the champion")


@pytest.mark.parametrize("columns", [100, 1])
def test_a_version_that_is_better_takes_over(
    params: Params, model: Any, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setattr(predictions, "MOST_COLUMNS", columns)  # of more classes only Parquet has the probabilities
    first = publish(params, lambda: model).run_id
    registry.register(params.tracking, first, "trees")
    with conversation(address.tracking_uri(params.tracking)):
        store = connect(params.tracking)
        for path in (paths.VALIDATION_PREDICTIONS, paths.PREDICTIONS):
            predictions.write(path, answers(30))
            for file in (path, typed_tables.beside(path)):
                store.client.log_artifact(first, str(file), "reports")
        records.write_json(paths.TRAINING, {**TRAINING, "fingerprint": "e" * 64})
        second = store.client.create_run(store.experiment_id).info.run_id
        # Of test images it is worse: they are not looked at.
        for path, right in ((paths.VALIDATION_PREDICTIONS, 38), (paths.PREDICTIONS, 5)):
            predictions.write(path, answers(right))
            for file in (path, typed_tables.beside(path)):
                store.client.log_artifact(second, str(file), "reports")
        version = store.client.create_model_version("trees", str(paths.REPORTS.resolve()), second)
    busy = registry.register(params.tracking, second, "trees", looks={"validation": 40, "test": 2})
    assert not busy.champion
    assert "as 40 trainings" in busy.reason
    made = registry.register(params.tracking, second, "trees")
    assert (made.version, made.champion) == (str(version.version), True)
    assert "validation images" in made.reason
    assert champion(params) == second


def champion(params: Params) -> str:
    with conversation(address.tracking_uri(params.tracking)):
        return str(connect(params.tracking).client.get_model_version_by_alias("trees", registry.CHAMPION).run_id)


@pytest.mark.parametrize("name", ["", "a/b", "a:b", "it's"])
def test_a_name_that_cannot_be_is_refused_first(params: Params, name: str) -> None:
    with pytest.raises(ConfigError, match=r"--register: found .*; allowed: a name without /, : and '"):
        registry.register(params.tracking, "0" * 32, name)


def test_a_name_that_cannot_be_is_refused_before_anything_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "publish_run", lambda params: pytest.fail("shown"))
    for module in (receipts, certificate):
        for name in ("require", "require_results"):
            monkeypatch.setattr(module, name, lambda *given: None, raising=False)
    monkeypatch.setattr(agreement, "require_trained", lambda params: None)
    paths.MODEL.touch()
    assert isinstance(CliRunner().invoke(app, ["publish", "--register", "a/b"]).exception, ConfigError)
