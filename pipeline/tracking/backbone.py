"""Brings a Keras model out of MLflow, to be used as a backbone."""

import shutil
import tempfile
from pathlib import Path

import mlflow

from pipeline import records
from pipeline.errors import ConfigError
from pipeline.schema import Tracking
from pipeline.tracking import address
from pipeline.tracking.store import UPLOAD_SECONDS, conversation


def download(uri: str, destination: Path, tracking: Tracking) -> None:
    """Copy the .keras file of the MLflow model `uri` (models:/name/version or runs:/id/model) to `destination`.

    Raises ConfigError if there is no such model or it is no Keras model, TrackingUnavailable if MLflow does not answer.
    """
    store = address.tracking_uri(tracking)
    with conversation(store, UPLOAD_SECONDS), tempfile.TemporaryDirectory() as folder:
        mlflow.set_tracking_uri(store)
        mlflow.set_registry_uri(store)
        try:
            model = Path(mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=folder))
        except mlflow.exceptions.MlflowException as error:
            raise ConfigError(
                f"params.yaml: backbone.name: {uri} is not in {address.redacted(store)}: {error.message}"
            ) from error
        files = sorted(model.rglob("*.keras"))
        if not files:
            raise ConfigError(f"params.yaml: backbone.name: {uri} holds no .keras file; allowed: a Keras model")
        with records.atomic(destination) as temporary:
            shutil.copyfile(files[0], temporary)
