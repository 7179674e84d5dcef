"""MLflow: switches read at import or from the environment of the whole process, and retries without a switch."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pipeline.process.compat.replacing import require

_ARTIFACT_ROOT = "_MLFLOW_SERVER_ARTIFACT_ROOT"
_DATABASE_TRIES = 3  # 0.4 s
_QUIET = {
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}


def be_quiet() -> None:
    """Set the switches MLflow reads when it is first imported; whoever set one in the shell keeps it.

    Seen in mlflow 3.17.2; no report upstream is known.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)


def give_up_databases_soon() -> None:
    """Let MLflow try an unusable database three times: it takes ten over 100 s, and reports each.

    Seen in mlflow 3.17.2; mlflow/mlflow#3784.
    """
    from mlflow.store.db import utils as database

    require(database, "MAX_RETRY_COUNT")
    database.MAX_RETRY_COUNT = _DATABASE_TRIES


def make_no_folders() -> None:
    """Let MLflow make no folder for a SQLite file: it takes the URL for a path and makes `100%25` beside `100%`.

    Seen in mlflow 3.17.2; no report upstream is known.
    """
    from mlflow.store.db import utils as database

    require(database, "_make_parent_dirs_if_sqlite")
    database._make_parent_dirs_if_sqlite = lambda uri: None


@contextmanager
def artifacts_at(place: str | None) -> Iterator[None]:
    """Inside, a new database's own experiment has its artifacts at the URI `place`; None leaves that to a server.

    By itself MLflow writes the working directory's path into SQL, where quotes and colons end it. For the moment a
    database is opened only: a process in which that is set passes for a server.
    Seen in mlflow 3.17.2; no report upstream is known.
    """
    with _environment({_ARTIFACT_ROOT: place} if place else {}):
        yield


@contextmanager
def impatient_requests(seconds: int, retries: int) -> Iterator[None]:
    """Inside, a request takes at most `seconds` and `retries` more; limits set in the shell take precedence.

    By itself MLflow takes four minutes to give up. Seen in mlflow 3.17.2; mlflow/mlflow#5744.
    """
    limits = {
        "MLFLOW_HTTP_REQUEST_TIMEOUT": str(seconds),
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": str(retries),
        "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0",
        "MLFLOW_HTTP_REQUEST_BACKOFF_JITTER": "0",
    }
    with _environment({name: value for name, value in limits.items() if name not in os.environ}):
        yield


@contextmanager
def current_store(uri: str) -> Iterator[None]:
    """Inside, `uri` is MLflow's current store and registry: where it looks models:/… up, whatever store it is passed.

    By itself it takes what the shell, or an old folder `mlruns`, makes of that: half a command would go elsewhere.

    Seen in mlflow 3.17.2; no report upstream is known.
    """
    with _environment({"MLFLOW_TRACKING_URI": uri, "MLFLOW_REGISTRY_URI": uri}):
        yield


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
