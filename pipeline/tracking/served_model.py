"""The model in MLflow: from image files to class names, checked to be the network that was evaluated.

It is Keras weights, class names, what the network knows, and modules of this project (see serving/bundle.py): nothing
is pickled.
"""

import base64
import io
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.entities import LoggedModelOutput, LoggedModelStatus, Run
from mlflow.models import Model, ModelSignature
from mlflow.types import ColSpec, DataType, Schema
from mlflow.types.schema import AnyType, Map
from PIL import Image

from pipeline.files import paths, records
from pipeline.params.schema import Params
from pipeline.process.compat import mlflow_internals
from pipeline.serving import bundle, classifier, probe
from pipeline.serving.familiarity import Familiarity
from pipeline.tracking import runs, tags
from pipeline.tracking.results import Results
from pipeline.tracking.store import Store

NAME = "model"
_MLMODEL = "MLmodel"  # MLflow's description of a model
# "Any": MLflow has no type for "an image file, the same in base64, or pixels of any size"; the model checks it itself.
SIGNATURE = ModelSignature(
    Schema([ColSpec(AnyType(), classifier.COLUMN)]),
    Schema(
        [
            ColSpec(DataType.string, "class"),
            ColSpec(DataType.double, "probability"),
            ColSpec(Map(DataType.double), "probabilities"),
            ColSpec(DataType.boolean, "known", required=False),
            *(ColSpec(DataType.double, name, required=False) for name in ("typicality", "confidence", "temperature")),
        ]
    ),
)
_TOLD = (tags.FINGERPRINT, tags.COMMIT)  # of the run's tags
_SERVING = ("keras", "numpy", "pillow", "tensorflow")  # of the recorded versions, those that prediction needs


def logged(store: Store, run: Run) -> str | None:
    """The id of the run's complete model; None if it has none, or only an unfinished one of a killed process."""
    ready = [model for model in _models(store, run) if model.status == LoggedModelStatus.READY]
    return str(ready[0].model_id) if ready else None


def stored(store: Store, model_id: str) -> bool:
    """Whether the files of a logged model are there, looked at now."""
    listed = [*store.client.list_logged_model_artifacts(model_id)]
    listed += store.client.list_logged_model_artifacts(model_id, bundle.DATA)
    return {_MLMODEL, *(f"{bundle.DATA}/{name}" for name in bundle.FILES)} <= {entry.path for entry in listed}


def whole(store: Store, run: Run) -> str | None:
    """The id of the run's complete model, if its files are there."""
    model_id = logged(store, run)
    return model_id if model_id and stored(store, model_id) else None


@contextmanager
def saved(
    store: Store,
    params: Params,
    results: Results,
    build_model: Callable[[], Any],
    familiarity: Callable[[], Familiarity | None],
) -> Iterator[Path]:
    """The folder of the model, saved and checked, to be uploaded. Call outside of `conversation`: what goes wrong here
    is no fault of the store, which is not asked.

    It predicts a table with the column "image". `build_model()` gives a Keras model: uint8 (N, H, W, C), values 0–255 →
    float32 (N, K) probabilities; `familiarity()` what lets it tell images of other kinds, if that is known. Raises
    ServedModelError if it does not give the evaluated probabilities.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / NAME
        with mlflow_internals.current_store(store.uri):
            _save(path, build_model(), results.classes, familiarity())
            check(path, results.classes, results.probabilities, probe.tolerance(params))
        yield path


def upload(store: Store, run: Run, path: Path, params: Params) -> str:
    """Upload the model `saved` at `path`; returns its id: `mlflow.pyfunc.load_model(f"models:/{id}")`.

    A complete model whose files are gone gets them again, under its id.
    """
    model_id = logged(store, run)
    for other in _models(store, run):
        if other.model_id != model_id:
            store.client.delete_logged_model(other.model_id)
    return _upload(store, run, path, params, model_id)


def check(path: Path, classes: Sequence[str], probabilities: np.ndarray, allowed: float) -> None:
    """Raise ServedModelError unless the model at `path` predicts the first rows of `probabilities`, (N, K), of test."""
    served = mlflow.pyfunc.load_model(str(path))
    probe.check(
        "the served model",
        lambda images: list(served.predict(pd.DataFrame({classifier.COLUMN: images}))),
        classes,
        probabilities,
        allowed,
        probe.PROBE_IMAGES,
    )


def _save(path: Path, model: Any, classes: Sequence[str], familiarity: Familiarity | None = None) -> None:
    recorded = records.read_json(paths.VERSIONS)
    needed = {name: recorded[name] for name in _SERVING if name in recorded} | bundle.libraries(model)
    with tempfile.TemporaryDirectory() as folder:
        mlflow.pyfunc.save_model(
            str(path),
            loader_module=bundle.ENTRY,
            signature=SIGNATURE,
            input_example=pd.DataFrame({classifier.COLUMN: [_as_text(records.read_npy(paths.images("test"))[0])]}),
            data_path=str(bundle.save_data(Path(folder) / "model", model, classes, familiarity)),
            code_paths=[str(bundle.save_code(Path(folder)))],
            pip_requirements=[f"{name}=={release}" for name, release in sorted(needed.items())],
            metadata={"classes": list(classes), "image": list(model.input_shape[1:])},
        )


def _as_text(image: np.ndarray) -> str:
    """uint8 (H, W, C) as a PNG file in base64: what a request over HTTP sends."""
    file = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def _upload(store: Store, run: Run, path: Path, params: Params, known: str | None) -> str:
    client, run_id = store.client, run.info.run_id
    model_id = known or _created(store, run, params)
    saved = Model.load(str(path))
    saved.model_id = saved.model_uuid = model_id
    saved.run_id = run_id
    saved.save(str(path / _MLMODEL))
    client.log_model_artifacts(model_id, str(path))
    if known is None:
        client.log_outputs(run_id, [LoggedModelOutput(model_id, 0)])
        client.finalize_logged_model(model_id, "READY")
    return str(model_id)


def _created(store: Store, run: Run, params: Params) -> str:
    """The id of a new, empty one. All have the name that runs:/… addresses end with; the rest tells them apart."""
    labels = {"run": str(run.info.run_name), **{name: run.data.tags[name] for name in _TOLD if run.data.tags.get(name)}}
    made = store.client.create_logged_model(
        store.experiment_id, NAME, run.info.run_id, tags=labels, params=runs.parameters(params), model_type="keras"
    )
    return str(made.model_id)


def _models(store: Store, run: Run) -> list[Any]:
    return list(store.client.search_logged_models([store.experiment_id], f"source_run_id = '{run.info.run_id}'"))
