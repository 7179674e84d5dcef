"""Brings a Keras model out of MLflow, to be used as a backbone."""

import shutil
import tempfile
from pathlib import Path

from pipeline.files import records
from pipeline.params.schema import Tracking
from pipeline.process.errors import ConfigError
from pipeline.tracking import address, models
from pipeline.tracking.store import conversation

ANSWER_SECONDS = 20  # a model is large: longer than a metric may take


def download(uri: str, destination: Path, tracking: Tracking) -> None:
    """Copy the .keras file of the MLflow model `uri` (models:/name/version or runs:/id/model) to `destination`.

    Raises ConfigError if there is no such model or it is no Keras model, TrackingUnavailable if MLflow does not answer.
    """
    store = address.tracking_uri(tracking)
    with tempfile.TemporaryDirectory() as folder:
        with conversation(store, ANSWER_SECONDS):
            model = models.fetched(uri, store, "params.yaml: backbone.name", ConfigError, folder)
        files = sorted(model.rglob("*.keras"))
        if not files:
            raise ConfigError(f"params.yaml: backbone.name: {uri} holds no .keras file; allowed: a Keras model")
        with records.atomic(destination) as temporary:
            shutil.copyfile(files[0], temporary)
