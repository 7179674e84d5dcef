"""MLflow still needs what it is told, and still listens."""

import contextlib
import importlib.util
import os
import re
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient, environment_variables
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.models_artifact_repo import ModelsArtifactRepository
from mlflow.store.db import utils as database
from mlflow.tracking._tracking_service.utils import _SERVER_ARTIFACT_ROOT_ENV_VAR
from sqlalchemy.exc import OperationalError

from pipeline.process import databases
from pipeline.process.compat import mlflow_internals


def text(module):
    return Path(importlib.util.find_spec(module).origin).read_text()


def test_its_switches_have_these_names():
    ours = {name for name in mlflow_internals._QUIET if name.startswith("MLFLOW")}
    assert ours <= {variable.name for variable in vars(environment_variables).values() if hasattr(variable, "name")}
    assert mlflow_internals._ARTIFACT_ROOT == _SERVER_ARTIFACT_ROOT_ENV_VAR
    assert "GIT_PYTHON_REFRESH" in text("git.cmd")


def test_it_still_tries_a_database_too_often_and_reads_how_often_each_time(monkeypatch, tmp_path):
    assert int(re.search(r"^MAX_RETRY_COUNT = (\d+)", text("mlflow.store.db.utils"), re.MULTILINE)[1]) > 3
    monkeypatch.setattr(database, "MAX_RETRY_COUNT", 99)
    mlflow_internals.give_up_databases_soon()
    pauses = []
    monkeypatch.setattr(database.time, "sleep", pauses.append)
    with pytest.raises(OperationalError, match="unable to open"):
        database.create_sqlalchemy_engine_with_retry(f"sqlite:///{tmp_path}")  # a folder
    assert len(pauses) == 2


def test_it_is_still_patient_with_a_server_and_reads_the_limits_at_each_request(monkeypatch):
    for name in ("MLFLOW_HTTP_REQUEST_TIMEOUT", "MLFLOW_HTTP_REQUEST_MAX_RETRIES"):
        monkeypatch.delenv(name, raising=False)
    limits = environment_variables
    assert limits.MLFLOW_HTTP_REQUEST_MAX_RETRIES.get() > 3
    assert limits.MLFLOW_HTTP_REQUEST_TIMEOUT.get() > 60
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "7")
    with mlflow_internals.impatient_requests(seconds=3, retries=1):
        assert limits.MLFLOW_HTTP_REQUEST_TIMEOUT.get() == 7
        assert limits.MLFLOW_HTTP_REQUEST_MAX_RETRIES.get() == 1
        assert limits.MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR.get() == 0
        assert limits.MLFLOW_HTTP_REQUEST_BACKOFF_JITTER.get() == 0
    assert "MLFLOW_HTTP_REQUEST_MAX_RETRIES" not in os.environ


def test_a_models_name_is_still_looked_up_in_the_current_store_only(monkeypatch, dead_port, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///elsewhere.db")
    dead = f"http://127.0.0.1:{dead_port}"
    passed = f"sqlite:///{tmp_path}/mlflow.db"
    with (
        mlflow_internals.impatient_requests(seconds=1, retries=0),
        mlflow_internals.current_store(dead),
        pytest.raises(MlflowException, match=str(dead_port)),
    ):
        ModelsArtifactRepository("models:/digits/1", tracking_uri=passed, registry_uri=passed)
    assert os.environ["MLFLOW_TRACKING_URI"] == "sqlite:///elsewhere.db"


def test_the_registry_is_still_the_shells_or_an_old_folders_unless_it_is_named(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", "databricks-uc")
    (tmp_path / "mlruns/0").mkdir(parents=True)
    (tmp_path / "mlruns/0/meta.yaml").touch()
    assert (mlflow.get_tracking_uri(), mlflow.get_registry_uri()) == (f"file://{tmp_path}/mlruns", "databricks-uc")
    with mlflow_internals.current_store("sqlite:///one.db"):
        assert mlflow.get_tracking_uri() == mlflow.get_registry_uri() == "sqlite:///one.db"


@pytest.mark.parametrize("place", ["file:///it%27s%20%22mine%22%20%3Ab", None])
def test_the_path_of_artifacts_is_still_part_of_a_statement(place, tmp_path, monkeypatch):
    folder = tmp_path / 'it\'s "mine" :b'
    folder.mkdir()
    monkeypatch.chdir(folder)
    url = databases.sqlite_url(folder / "mlflow.db")
    with mlflow_internals.artifacts_at(place), contextlib.nullcontext() if place else pytest.raises(MlflowException):
        assert MlflowClient(url).get_experiment("0").artifact_location == f"{place}/0"


def test_it_still_takes_the_url_of_a_database_for_its_path(monkeypatch, tmp_path):
    url = databases.sqlite_url(tmp_path / "100% sure/mlflow.db")
    original = {}
    exec(_source_of("_make_parent_dirs_if_sqlite"), {"Path": Path}, original)
    original["_make_parent_dirs_if_sqlite"](url)
    assert (tmp_path / "100%25 sure").is_dir()
    monkeypatch.setattr(database, "_make_parent_dirs_if_sqlite", original["_make_parent_dirs_if_sqlite"])
    mlflow_internals.make_no_folders()
    (tmp_path / "60% sure").mkdir()
    database.create_sqlalchemy_engine_with_retry(databases.sqlite_url(tmp_path / "60% sure/mlflow.db"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["100%25 sure", "60% sure"]
    assert (tmp_path / "60% sure/mlflow.db").is_file()


def _source_of(function):
    """A function's text as MLflow has it, whatever has taken its place meanwhile."""
    module = text("mlflow.store.db.utils")
    return re.search(rf"^def {function}\(.*?(?=^\S)", module, re.MULTILINE | re.DOTALL)[0]
