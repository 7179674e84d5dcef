from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest

from pipeline.params.schema import Params
from pipeline.tracking import address
from tests.hostile_names import HOSTILE_NAMES

PLACES = Callable[[str | None], Params]


def test_parameter_comes_before_variable_before_project(
    at: PLACES, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert address.tracking_uri(at(None).tracking) == f"sqlite:///{project}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://variable:5000")
    assert address.tracking_uri(at(None).tracking) == "http://variable:5000"
    assert address.tracking_uri(at("http://parameter:5000").tracking) == "http://parameter:5000"


@pytest.mark.parametrize("uri", [None, "sqlite:///mlflow.db"])
def test_copies_of_the_project_share_its_database(
    at: PLACES, project: Path, monkeypatch: pytest.MonkeyPatch, uri: str | None
) -> None:
    copy = project / ".dvc" / "tmp" / "exps" / "tmpabc"
    copy.mkdir(parents=True)
    monkeypatch.chdir(copy)
    assert address.tracking_uri(at(uri).tracking) == f"sqlite:///{project}/mlflow.db"


def test_absolute_database_keeps_its_artifacts_beside_it(at: PLACES, tmp_path: Path) -> None:
    uri = address.tracking_uri(at(f"sqlite:///{tmp_path}/else where/runs.db").tracking)
    assert uri == f"sqlite:///{tmp_path}/else where/runs.db"
    assert address.artifact_location(uri) == f"file://{tmp_path}/else%20where/mlartifacts"


def test_artifacts_of_other_stores(project: Path) -> None:
    assert address.artifact_location("https://mlflow.example") is None
    assert address.artifact_location("postgresql://db/mlflow") == f"file://{project}/mlartifacts"


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("https://me:secret@host:5000/x", "https://host:5000/x"),
        ("https://me:p@ss@host", "https://host"),
        ("https://token@host", "https://host"),
        ("postgresql+psycopg2://me:secret@db/mlflow?password=secret&x=1", "postgresql+psycopg2://db/mlflow"),
        (
            "request to https://me:secret@host/api failed, mail me@host",
            "request to https://host/api failed, mail me@host",
        ),
        ("postgresql://me:correct horse@db/optuna", "postgresql://db/optuna"),
        ("postgresql://me:a @2 horse@db/optuna", "postgresql://db/optuna"),
        ("https://me:pw@host/api failed, mail me@host", "https://host/api failed, mail me@host"),
        ("http://127.0.0.1:5000 has no models:/a@b", "http://127.0.0.1:5000 has no models:/a@b"),
        ("at http://h:5000: no models:/a@b", "at http://h:5000: no models:/a@b"),
        ("at http://[::1]:5000 is no models:/a@b", "at http://[::1]:5000 is no models:/a@b"),
        ("no database at postgresql://me:correct horse@db/optuna", "no database at postgresql://db/optuna"),
        ("http://127.0.0.1:5000/x, of models:/a@b", "http://127.0.0.1:5000/x, of models:/a@b"),
        ("MLflow at http://127.0.0.1:5000 has no models:/a@b", "MLflow at http://127.0.0.1:5000 has no models:/a@b"),
        ("sqlite:////a/mlflow.db", "sqlite:////a/mlflow.db"),
        ("invalid address 'me:secret@127.0.0.1:1'; maybe", "invalid address '127.0.0.1:1'; maybe"),
        ("me:se:cr/et@host", "host"),
        ("models:/digits@champion and runs:/1/m@x", "models:/digits@champion and runs:/1/m@x"),
        ("trial 3: x@y, at 12:30", "trial 3: x@y, at 12:30"),
    ],
)
def test_printed_addresses_have_no_credentials(text: str, printed: str) -> None:
    assert address.redacted(text) == printed


def test_only_a_server_has_pages() -> None:
    page = address.run_url("https://me:secret@host/base/", "7", "abc")
    assert page == "https://host/base/#/experiments/7/runs/abc"
    assert address.run_url("sqlite:////a/mlflow.db", "7", "abc") is None


@pytest.mark.parametrize("uri", [None, "sqlite:///mlflow.db"])
@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_the_database_is_in_the_project_whatever_its_folder_is_called(
    at: PLACES, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uri: str | None, name: str
) -> None:
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / name)
    address_of_it = address.tracking_uri(at(uri).tracking)
    assert address.database_file(address_of_it) == tmp_path / name / "mlflow.db"
    place = address.artifact_location(address_of_it)
    assert url2pathname(urlsplit(place).path) == str(tmp_path / name / "mlartifacts")


# One store for every call of a command


@pytest.mark.parametrize(
    ("uri", "absolute"),
    [
        ("./mlruns", "{project}/mlruns"),
        ("mlruns", "{project}/mlruns"),
        ("file:mlruns", "{project}/mlruns"),
        ("file:///a%20b/mlruns", "/a b/mlruns"),
        ("/a b/mlruns", "/a b/mlruns"),
        ("databricks", "databricks"),
        ("databricks://profile", "databricks://profile"),
        ("postgresql://db/mlflow", "postgresql://db/mlflow"),
        ("sqlite://", "sqlite://"),
    ],
)
def test_a_store_is_the_same_one_from_every_folder(at: PLACES, project: Path, monkeypatch, uri, absolute) -> None:
    copy = project / ".dvc/tmp/exps/tmpabc"
    copy.mkdir(parents=True)
    for folder in (project, copy):
        monkeypatch.chdir(folder)
        assert address.tracking_uri(at(uri).tracking) == absolute.format(project=project)


def test_nothing_is_said_where_nothing_leads_elsewhere(at: PLACES, project: Path, monkeypatch, capsys) -> None:
    address.tracking_uri(at(None).tracking)
    address.tracking_uri(at("http://host:1").tracking)
    for variable in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
        monkeypatch.setenv(variable, "sqlite:///mlflow.db")
    (project / "mlruns/0").mkdir(parents=True)
    address.tracking_uri(at(None).tracking)
    address.tracking_uri(at("sqlite:///./mlflow.db").tracking)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("chosen", "variable", "said"),
    [
        (
            None,
            ("MLFLOW_TRACKING_URI", "http://me:secret@one:1"),
            "runs are in http://one:1, as MLFLOW_TRACKING_URI says",
        ),
        (
            "http://two:2",
            ("MLFLOW_TRACKING_URI", "http://me:secret@three:3"),
            "(http://three:3) is not used: tracking.uri",
        ),
        (
            "http://four:4",
            ("MLFLOW_REGISTRY_URI", "databricks-uc"),
            "(databricks-uc) is not used: models are registered",
        ),
    ],
)
def test_a_variable_that_leads_elsewhere_is_said_once(at: PLACES, monkeypatch, capsys, chosen, variable, said) -> None:
    monkeypatch.setenv(*variable)
    for _ in range(2):
        address.tracking_uri(at(chosen).tracking)
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert "secret" not in line
    monkeypatch.setenv("HERBARIUM_QUIET", "1")
    address._say_once.cache_clear()
    address.tracking_uri(at(chosen).tracking)
    assert capsys.readouterr().err == ""


def test_runs_of_an_older_mlflow_are_mentioned(at: PLACES, project: Path, capsys) -> None:
    (project / "mlruns/0").mkdir(parents=True)
    (project / "mlruns/0/meta.yaml").touch()
    address.tracking_uri(at(None).tracking)
    assert f"{project}/mlruns holds runs of an older MLflow, which are not shown" in capsys.readouterr().err
    address.tracking_uri(at("mlruns").tracking)
    assert capsys.readouterr().err == ""
