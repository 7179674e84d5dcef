"""A project that was moved or copied finds its own artifacts, and no other one's."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from mlflow.tracking._tracking_service import utils

from pipeline.files import paths
from pipeline.params.schema import Params
from pipeline.process.compat import mlflow_tables
from pipeline.process.errors import DataError, MachineError
from pipeline.tracking import address, models, places, registry
from pipeline.tracking.publish import PublishedRun, publish
from pipeline.tracking.store import Store, connect, conversation
from tests.hostile_names import EVERYTHING

from .test_publish import everything, unwanted

RUN_FILES = {"reports/metrics.json", "reports/history.csv", "reports/predictions.csv"}


def opened(params: Params) -> Store:
    with conversation(address.tracking_uri(params.tracking)):
        return connect(params.tracking)


def enter(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work there from now on, as a new process does: MLflow remembers places as long as one runs."""
    monkeypatch.chdir(folder)
    utils._artifact_repos_cache.clear()


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def published(finished: Path, params: Params, model: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, PublishedRun]:
    """A project in a folder of its own whose result is in MLflow and registered; the working directory."""
    folder = finished / "first"
    folder.mkdir()
    for path in list(finished.iterdir()):
        if path != folder:
            path.rename(folder / path.name)
    monkeypatch.chdir(folder)
    run = publish(params, lambda: model)
    registry.register(params.tracking, run.run_id, "leaves")
    return folder, run


@pytest.mark.parametrize("name", ["moved", EVERYTHING])
def test_a_moved_project_finds_its_runs_and_models(published, params, name, monkeypatch, capsys) -> None:
    """It says that they moved, once, has nothing to publish, and leaves the old folder gone."""
    first, run = published
    moved = first.with_name(name)
    first.rename(moved)
    enter(moved, monkeypatch)
    before = files(moved)
    assert models.opened("models:/leaves@champion", params.tracking)
    assert f"mlflow.db was in {first}; artifacts of its runs are looked for in {moved} now" in capsys.readouterr().err
    again = publish(params, unwanted)
    assert (again.run_id, again.created) == (run.run_id, False)
    assert "was in" not in capsys.readouterr().err
    assert not [file for file in files(moved) ^ before if not file.endswith("registered_model_meta")]  # MLflow's note
    assert not first.exists()
    store = opened(params)
    assert {e.path for e in store.client.list_artifacts(run.run_id, "reports")} >= RUN_FILES
    for experiment in store.client.search_experiments():
        assert first.as_uri() not in experiment.artifact_location
        assert not experiment.artifact_location.startswith(str(first))


def test_a_copied_project_writes_into_its_own_folder(published, params, model, monkeypatch) -> None:
    """The first one's runs, tables and files stay as they are."""
    first, run = published
    before, content = files(first), everything(opened(params))
    copy = first.with_name("copy")
    shutil.copytree(first, copy)
    enter(copy, monkeypatch)
    paths.MODEL_SUMMARY.write_text("changed\n")
    publish(params, unwanted)
    published_here = copy / "mlartifacts" / run.run_id / "artifacts/model_summary.txt"
    assert published_here.read_text() == "changed\n"
    enter(first, monkeypatch)
    assert files(first) - before <= {"mlflow.db.lock"}
    assert (first / "mlartifacts" / run.run_id / "artifacts/model_summary.txt").read_text() != "changed\n"
    assert everything(opened(params)) == content


def test_what_is_kept_elsewhere_on_purpose_stays_there(published, params, tmp_path) -> None:
    first, _ = published
    elsewhere = tmp_path / "large disk/mlartifacts"
    elsewhere.mkdir(parents=True)
    client = opened(params).client
    chosen = ["s3://bucket/mlartifacts", elsewhere.as_uri(), "mlflow-artifacts:/mlartifacts/7", f"{tmp_path}/other"]
    for number, place in enumerate(chosen):
        client.create_experiment(f"own {number}", place)
    assert places.follow(first / "mlflow.db") == []
    found = [client.get_experiment_by_name(f"own {number}").artifact_location for number in range(len(chosen))]
    assert [place.removeprefix("file://") for place in found] == [p.removeprefix("file://") for p in chosen]


def test_the_same_project_under_another_path_is_not_moved(published, tmp_path: Path) -> None:
    """As a container or an automounter shows it: a link stands for that here."""
    first, _ = published
    (tmp_path / "alias").symlink_to(first)
    assert places.follow(tmp_path / "alias/mlflow.db") == []


def test_tables_that_changed_are_said_to_have(published, monkeypatch) -> None:
    """MLflow keeps places in these columns, and in no other; a release that does otherwise must be noticed."""
    first, _ = published
    mlflow_tables.rewrite_places(first / "mlflow.db", lambda place: place.replace(str(first), "/gone"))
    with closing(sqlite3.connect(first / "mlflow.db")) as database:
        assert not [line for line in database.iterdump() if str(first) in line or first.as_uri() in line]
    monkeypatch.setitem(mlflow_tables.PLACES, "runs", ("artifact_url",))
    with pytest.raises(MachineError, match="has no artifact_url"):
        mlflow_tables.rewrite_places(first / "mlflow.db", str)


# Complete means looked at


@pytest.mark.parametrize("lost", ["reports/metrics.json", "params.yaml", "report.html", ""])
def test_what_is_no_longer_there_is_published_again(published, params, lost: str) -> None:
    first, run = published
    store, folder = opened(params), first / "mlartifacts" / run.run_id / "artifacts"
    before = files(folder)
    shutil.rmtree(folder / lost) if (folder / lost).is_dir() else (folder / lost).unlink()
    assert not publish(params, unwanted).created
    assert files(folder) == before
    assert len(store.client.search_runs([store.experiment_id])) == 1


def test_a_file_cut_short_is_published_again(published, params) -> None:
    first, run = published
    file = first / "mlartifacts" / run.run_id / "artifacts/reports/metrics.json"
    content = file.read_bytes()
    file.write_bytes(content[:10])
    publish(params, unwanted)
    assert file.read_bytes() == content


def test_a_model_that_is_no_longer_there_is_stored_again_under_its_name(published, params, model) -> None:
    """So the champion still is what it was."""
    first, run = published
    store = opened(params)
    (known,) = store.client.search_logged_models([store.experiment_id])
    shutil.rmtree(first / "mlartifacts/models")
    with pytest.raises(DataError, match="is not in"):
        models.opened("models:/leaves@champion", params.tracking)
    publish(params, lambda: model)
    assert models.opened("models:/leaves@champion", params.tracking)
    (stored,) = store.client.search_logged_models([store.experiment_id])
    assert (stored.model_id, stored.source_run_id) == (known.model_id, run.run_id)
    publish(params, unwanted)
