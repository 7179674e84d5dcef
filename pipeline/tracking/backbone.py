"""Brings a Keras model out of MLflow, to be used as a backbone."""

import shutil
import tempfile
from pathlib import Path

import mlflow
from mlflow.exceptions import RestException

from pipeline import records
from pipeline.errors import ConfigError
from pipeline.schema import Tracking
from pipeline.tracking import address
from pipeline.tracking.store import conversation, current

ANSWER_SECONDS = 20  # a model is large: longer than a metric may take


def download(uri: str, destination: Path, tracking: Tracking) -> None:
    """Copy the .keras file of the MLflow model `uri` (models:/name/version or runs:/id/model) to `destination`.

    Raises ConfigError if there is no such model or it is no Keras model, TrackingUnavailable if MLflow does not answer.
    """
    store = address.tracking_uri(tracking)
    with conversation(store, ANSWER_SECONDS), current(store), tempfile.TemporaryDirectory() as folder:
        try:
            found = mlflow.artifacts.download_artifacts(uri, dst_path=folder)
        except RestException as error:
            raise _not_there(uri, store, error) from error
        except mlflow.MlflowException as error:
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                raise _not_there(uri, store, error) from error
            raise
        files = sorted(Path(found).rglob("*.keras"))
        if not files:
            raise ConfigError(f"params.yaml: backbone.name: {uri} holds no .keras file; allowed: a Keras model")
        with records.atomic(destination) as temporary:
            shutil.copyfile(files[0], temporary)


def _not_there(uri: str, store: str, error: mlflow.MlflowException) -> ConfigError:
    return ConfigError(f"params.yaml: backbone.name: {uri} is not in {address.redacted(store)}: {error.message}")
