"""The connection to MLflow: bounded in time, safe against several processes starting at once, its errors readable.

A dead server costs a training and its publication together at most 10 s (measured in tests/tracking/test_dead.py):
CONTACT_SECONDS to begin, once more after each failed retry. MLFLOW_HTTP_REQUEST_TIMEOUT and
MLFLOW_HTTP_REQUEST_MAX_RETRIES, where set, take precedence.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from http import HTTPStatus
from itertools import takewhile

from filelock import FileLock
from mlflow import MlflowClient
from mlflow.entities import Experiment, Run
from mlflow.exceptions import MlflowException, RestException

from pipeline.params.schema import Tracking
from pipeline.process import machine, verbosity
from pipeline.process.compat import mlflow_internals
from pipeline.process.errors import HerbariumError
from pipeline.process.notices import in_short
from pipeline.tracking import address, places, views

CONTACT_SECONDS = 3
UPLOAD_SECONDS = 60
_ANSWERED = "failed with error code"  # of MLflow's client: the server said no, in words of its own
_NOT_SAID = ("[SQL", "(Background on this error")
_LONGEST_REASON, _LONGEST_PAGE = 2000, 300  # characters
_LOCK_SECONDS = 60

mlflow_internals.give_up_databases_soon()
mlflow_internals.make_no_folders()
for _name in ("urllib3.connectionpool", "alembic", "mlflow"):
    logging.getLogger(_name).setLevel(os.environ["MLFLOW_LOGGING_LEVEL"])


class TrackingUnavailable(HerbariumError):  # noqa: N818 - it is a state of the world, not a mistake
    """MLflow does not answer or refuses. Nothing is lost: the files are the record, `herbarium publish` shows them."""


@dataclass(frozen=True)
class Store:
    """An open connection and the experiment that runs belong to."""

    client: MlflowClient
    uri: str
    experiment_id: str


@contextmanager
def conversation(uri: str, seconds: int = CONTACT_SECONDS, retries: int = 0) -> Iterator[None]:
    """Let every request made inside go to `uri`, and take at most `seconds` and `retries` more.

    Raises TrackingUnavailable for whatever is raised inside and is no error of this project's or of this machine. What
    has nothing to do with MLflow is computed outside: its faults would be told as MLflow's.
    """
    try:
        with mlflow_internals.current_store(uri), mlflow_internals.impatient_requests(seconds, retries):
            yield
    except HerbariumError:
        raise
    except Exception as error:  # databases, servers and clients of clouds have errors of their own each
        if machine.refused(error):
            raise
        raise TrackingUnavailable(_explained(uri, error)) from error


def connect(tracking: Tracking) -> Store:
    """Open the store, creating database and experiment where missing. Call inside `conversation`."""
    uri = address.tracking_uri(tracking)
    follow_database(uri)
    with _one_at_a_time(uri), mlflow_internals.artifacts_at(address.artifact_location(uri)):
        client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        return Store(client, uri, _experiment_id(client, tracking.experiment, uri))


def every_run(store: Store, condition: str) -> Iterator[Run]:
    """All runs of the experiment that meet MLflow's `condition`, however many pages they are, the newest first."""
    token = None
    while True:
        page = store.client.search_runs([store.experiment_id], condition, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def follow_database(uri: str) -> None:
    """Let artifacts be where the database is by now, if that is a file, and say so. Call inside `conversation`."""
    file = address.database_file(uri)
    if file and file.exists():
        with _one_at_a_time(uri):
            left = places.follow(file)
        for folder in left:
            verbosity.note(f"{file.name} was in {folder}; artifacts of its runs are looked for in {file.parent} now")


def _one_at_a_time(uri: str) -> AbstractContextManager[object]:
    # Processes that create one SQLite file together leave it unusable.
    file = address.database_file(uri)
    if file is None:
        return nullcontext()
    file.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(f"{file}.lock", timeout=_LOCK_SECONDS)


def _experiment_id(client: MlflowClient, name: str, uri: str) -> str:
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        try:
            place = address.artifact_location(uri)
            created = client.create_experiment(name, place, views.labels())
            views.complete(client, client.get_experiment(created))
            return str(created)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            experiment = client.get_experiment_by_name(name)
    usable = _usable(experiment, name, uri)
    views.complete(client, experiment)
    return usable


def _usable(experiment: Experiment, name: str, uri: str) -> str:
    if experiment.lifecycle_stage != "active":
        raise TrackingUnavailable(
            f"params.yaml: tracking.experiment: {name!r} was deleted in MLflow at {address.redacted(uri)};"
            f" restore it (`mlflow experiments restore -x {experiment.experiment_id}`) or give another name"
        )
    return str(experiment.experiment_id)


def _explained(uri: str, error: Exception) -> str:
    where = address.redacted(uri)
    if isinstance(error, MlflowException):
        refused = _refused(where, error)
        if refused:
            return refused
        if address.is_server(uri) and not isinstance(error, RestException) and _ANSWERED not in str(error):
            return f"MLflow did not answer at {where}; run `herbarium publish` later"
        return f"MLflow at {where} cannot be used: {_reason(address.redacted(str(error))) or in_short(error)}"
    return f"MLflow at {where} cannot be used: {in_short(error)}"


def _reason(message: str) -> str:
    """All that is said, for the remedy often comes last; but not the statement that failed, nor a proxy's page."""
    lines = takewhile(lambda line: not line.startswith(_NOT_SAID), map(str.strip, message.splitlines()))
    said = " ".join(line for line in lines if line)
    return said[: _LONGEST_PAGE if "Response body" in said else _LONGEST_REASON]


def _refused(where: str, error: MlflowException) -> str | None:
    """What to do about a missing, a wrong or an insufficient login; the login itself is never shown."""
    status = error.get_http_status_code()
    if status == HTTPStatus.UNAUTHORIZED:
        given = os.environ.get("MLFLOW_TRACKING_USERNAME") and os.environ.get("MLFLOW_TRACKING_PASSWORD")
        found = "does not know this login" if given else "asks for a login"
        return f"MLflow at {where} {found}: set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
    if status == HTTPStatus.FORBIDDEN and "Permission denied" in str(error):
        return (
            f"MLflow at {where} does not permit this to the user MLFLOW_TRACKING_USERNAME names: ask its administrator"
            " for the right to edit the experiment, or set another tracking.experiment in params.yaml"
        )
    return None
