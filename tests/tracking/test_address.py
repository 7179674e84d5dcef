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
