"""Models in MLflow, loaded to be asked. Loading one runs the code stored with it: take models from stores you trust."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.exceptions import MlflowException

from pipeline.errors import DataError
from pipeline.schema import Tracking
from pipeline.serving import bundle, classifier
from pipeline.tracking import address
from pipeline.tracking.store import conversation, current

ANSWER_SECONDS = 60  # a model is large: longer than a metric may take


def load(uri: str, tracking: Tracking) -> Callable[[list[bytes]], list[dict[str, Any]]]:
    """Encoded images → answers, as `serving.classifier.Classifier.predict`, of the model at `uri`.

    `uri`: models:/name@alias, models:/name/version, models:/id, or a downloaded model's folder. Raises DataError if
    there is none or it is not one this project published, TrackingUnavailable if MLflow does not answer.
    """
    store = address.tracking_uri(tracking)
    with conversation(store, ANSWER_SECONDS), current(store):
        try:
            folder = Path(mlflow.artifacts.download_artifacts(uri))
            model = mlflow.models.Model.load(str(folder))
        except MlflowException as error:
            if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                raise
            raise DataError(f"--model: {uri} is not in {address.redacted(store)}: {error.message}") from error
        except OSError:
            raise DataError(f"--model: {uri}: not found; allowed: models:/name@alias, models:/name/version") from None
        if model.flavors.get("python_function", {}).get("loader_module") != bundle.ENTRY:
            raise DataError(f"--model: {uri} takes no image files; allowed: a model `herbarium publish` has logged")
        predict: Callable[[pd.DataFrame], list[dict[str, Any]]] = mlflow.pyfunc.load_model(str(folder)).predict
    return lambda images: predict(pd.DataFrame({classifier.COLUMN: images}))
