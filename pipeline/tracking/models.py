"""Models in MLflow, loaded to be asked: network and class names are read, the code stored with them is not run."""

import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
from mlflow.exceptions import MlflowException

from pipeline.params.schema import Tracking
from pipeline.process.errors import DataError, HerbariumError
from pipeline.serving import bundle, classifier
from pipeline.serving.classifier import Classifier
from pipeline.tracking import address
from pipeline.tracking.store import conversation, follow_database

_NAMED = re.compile(r"(models|runs):/[^/]")
_ALLOWED = "models:/name@alias, models:/name/version, models:/id, runs:/id/model, or a downloaded model's folder"
ANSWER_SECONDS = 60  # a model is large: longer than a metric may take


def fetched(uri: str, store: str, named_by: str, refusal: type[HerbariumError], folder: str | None = None) -> Path:
    """The folder of the model `uri` of `store`, downloaded (into `folder` if given). Call inside `conversation`.

    Raises `refusal`, beginning with what named the model, if there is none.
    """
    _check_form(uri, store, named_by, refusal)
    follow_database(store)
    try:
        return Path(mlflow.artifacts.download_artifacts(uri, dst_path=folder))
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise
        raise refusal(f"{named_by}: {uri} is not in {address.redacted(store)}: {error.message}") from error


def _check_form(uri: str, store: str, named_by: str, refusal: type[HerbariumError]) -> None:
    # MLflow takes addresses of servers and clouds as well, and has no message for most of what is wrong with them.
    if _NAMED.match(uri):
        database = address.database_file(store)
        if database and not database.exists():
            raise refusal(f"{named_by}: {uri} is not in {address.redacted(store)}: nothing has been published there")
    elif not os.path.isdir(uri):  # unlike Path's, it takes any text
        found = "an address" if "://" in uri else "no folder of that name"
        raise refusal(f"{named_by}: {address.redacted(uri)}: found {found}; allowed: {_ALLOWED}")


def opened(uri: str, tracking: Tracking, start: Callable[[], object] = lambda: None) -> Classifier:
    """The model at `uri`: models:/name@alias, models:/name/version, models:/id, or a downloaded model's folder.

    `start` is called when the model is there, before Keras is needed. Raises DataError if there is none or it is not
    one this project published, TrackingUnavailable if MLflow does not answer.
    """
    store = address.tracking_uri(tracking)
    with _room(uri, store) as room:
        with conversation(store, ANSWER_SECONDS):
            folder = fetched(uri, store, "--model", DataError, room)
        start()
        try:
            return classifier.opened(folder / bundle.DATA)
        except DataError as error:
            raise DataError(f"--model: {uri} cannot be used: {error}") from error


@contextmanager
def _room(uri: str, store: str) -> Iterator[str | None]:
    """Where to download a model to, gone afterwards: of itself MLflow leaves it in the folder for temporary files.

    None for what is on this machine, which is read where it is. Seen in mlflow 3.17.2, mlflow/mlflow#12140.
    """
    if os.path.isdir(uri) or address.database_file(store):
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        yield folder
