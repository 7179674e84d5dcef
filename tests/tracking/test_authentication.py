"""A server that several people share: who has no login, or not the right one, is told so and sees nothing."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.params.schema import Params
from pipeline.tracking import runs
from pipeline.tracking.live import Live
from pipeline.tracking.publish import publish
from pipeline.tracking.store import TrackingUnavailable, connect, conversation
from tests.servers import mlflow_server

from .example import EPOCHS, FINGERPRINT

pytestmark = pytest.mark.slow
PASSWORD = "correct horse battery"
PLACES = Callable[[str | None], Params]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """As docs/teams.md says: nobody may see an experiment of others; the users anna and ben."""
    folder = tmp_path_factory.mktemp("server")
    users = folder / "users.ini"
    users.write_text(
        "[mlflow]\ndefault_permission = NO_PERMISSIONS\nadmin_username = admin\n"
        f"database_uri = sqlite:///{folder}/users.db\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
    )
    secrets = {"MLFLOW_FLASK_SERVER_SECRET_KEY": "a secret of our own", "MLFLOW_AUTH_ADMIN_PASSWORD": PASSWORD}
    environment = {**secrets, "MLFLOW_AUTH_CONFIG_PATH": str(users)}
    backend = f"sqlite:///{folder}/mlflow.db"
    with mlflow_server(folder, backend, "--app-name", "basic-auth", environment=environment) as url:
        with pytest.MonkeyPatch.context() as patch:
            log_in(patch, "admin")
            for name in ("anna", "ben"):
                administration(url).create_user(name, PASSWORD)
        yield url


def administration(url: str) -> Any:
    from mlflow.server import get_app_client

    return get_app_client("basic-auth", tracking_uri=url)


def log_in(patch: pytest.MonkeyPatch, name: str, password: str = PASSWORD) -> None:
    patch.setenv("MLFLOW_TRACKING_USERNAME", name)
    patch.setenv("MLFLOW_TRACKING_PASSWORD", password)


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "120")  # a busy machine is no failure
    return monkeypatch


def unwanted() -> None:
    pytest.fail("a model was built for nobody")


def test_without_a_login_nothing_is_told_but_which_variables_to_set(
    server: str, finished: Path, at: PLACES, nobody: pytest.MonkeyPatch
) -> None:
    with pytest.raises(TrackingUnavailable, match="asks for a login: set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING"):
        publish(at(server), unwanted)
    log_in(nobody, "anna", "not the password")
    with pytest.raises(TrackingUnavailable, match="does not know this login") as caught:
        publish(at(server), unwanted)
    assert "not the password" not in str(caught.value)


def test_a_training_without_a_login_goes_on_with_one_warning(
    server: str, project: Path, at: PLACES, nobody: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    with Live(said.append) as live:
        live.started(FINGERPRINT, at(server))
        for epoch in EPOCHS:
            live.epoch(epoch)
    (warning,) = said
    assert "MLFLOW_TRACKING_USERNAME" in warning


def test_a_login_publishes_and_only_those_with_permission_see_it(
    server: str, finished: Path, at: PLACES, model: Any, nobody: pytest.MonkeyPatch
) -> None:
    log_in(nobody, "anna")
    published = publish(at(server), lambda: model)
    assert published.url
    assert publish(at(server), unwanted).run_id == published.run_id

    log_in(nobody, "ben")
    with pytest.raises(TrackingUnavailable, match="does not permit this to the user MLFLOW_TRACKING_USERNAME names"):
        publish(at(server), unwanted)

    log_in(nobody, "admin")
    administration(server).grant_user_permission("ben", "experiment", published.experiment_id, "READ")
    log_in(nobody, "ben")
    with conversation(server):
        store = connect(at(server).tracking)
        assert runs.find(store, FINGERPRINT).info.run_id == published.run_id
    said: list[str] = []
    with Live(said.append) as live:
        live.started("another fingerprint", at(server))
    (warning,) = said
    assert "does not permit" in warning
