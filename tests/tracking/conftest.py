"""A finished experiment's files in the folder the test works in, and a store of its own."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.files import paths, records
from pipeline.params.schema import Params

from .example import CLASSES, write_predictions, write_results


@pytest.fixture(autouse=True)
def local_store(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reaches for a store that the machine's settings name."""
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_HTTP_REQUEST_TIMEOUT", "MLFLOW_HTTP_REQUEST_MAX_RETRIES"):
        monkeypatch.delenv(name, raising=False)
    return project


@pytest.fixture
def at(params: Params) -> Callable[[str | None], Params]:
    """The parameters with another tracking.uri."""
    return lambda uri: params.model_copy(update={"tracking": params.tracking.model_copy(update={"uri": uri})})


@pytest.fixture(scope="session")
def model() -> Any:
    """A Keras model from pixels to probabilities: uint8 (N, 8, 8, 1) → float32 (N, 3)."""
    import keras

    keras.utils.set_random_seed(1)
    layers = [keras.Input((8, 8, 1), dtype="uint8"), keras.layers.Rescaling(1 / 255), keras.layers.Flatten()]
    return keras.Sequential([*layers, keras.layers.Dense(len(CLASSES), activation="softmax")])


@pytest.fixture(scope="session")
def answers(model: Any) -> Callable[[bytes], np.ndarray]:
    """What `model` says of images, given as the bytes of uint8 (N, 8, 8, 1): probabilities (N, 3)."""

    @cache
    def probabilities(images: bytes) -> np.ndarray:
        return model.predict(np.frombuffer(images, np.uint8).reshape(-1, 8, 8, 1), verbose=0).astype(float)

    return probabilities


@pytest.fixture
def results_files(project: Path) -> Path:
    """Everything a run leaves, except that the predictions are not those of `model`."""
    write_results(np.full((6, 3), 1 / 3))
    return project


@pytest.fixture
def finished(results_files: Path, answers: Callable[[bytes], np.ndarray]) -> Iterator[Path]:
    """Everything a run leaves; `model` is the one it trained."""
    write_predictions(answers(records.read_npy(paths.images("test")).tobytes()))
    yield results_files
    # Whatever was published, nothing may have gone to MLflow's own default store.
    assert not (results_files / "mlruns").exists()
