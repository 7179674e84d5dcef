"""A model in MLflow, published by an earlier run, becomes the base of the next one."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.files import paths, records
from pipeline.params.schema import Params
from pipeline.process.errors import ConfigError
from pipeline.tracking import address, backbone
from pipeline.tracking.publish import publish
from pipeline.tracking.store import TrackingUnavailable, connect, conversation

TARGET = Path("fetched/model.keras")


@pytest.mark.usefixtures("finished")
def test_the_model_of_a_run_is_brought_as_it_was_published(params: Params, model: Any) -> None:
    import keras

    run_id = publish(params, lambda: model).run_id
    with conversation(address.tracking_uri(params.tracking)):
        run = connect(params.tracking).client.get_run(run_id)
    images = records.read_npy(paths.images("test"))
    for uri in (f"models:/{run.outputs.model_outputs[0].model_id}", f"runs:/{run_id}/model"):
        backbone.download(uri, TARGET, params.tracking)
        brought = keras.saving.load_model(TARGET, compile=False)
        np.testing.assert_array_equal(brought(images), model(images))


@pytest.mark.parametrize("uri", ["models:/nosuch/1", "runs:/0123456789abcdef0123456789abcdef/model"])
def test_a_model_that_is_not_there_is_named(params: Params, uri: str) -> None:
    with pytest.raises(ConfigError, match=rf"params.yaml: backbone.name: {uri} is not in sqlite"):
        backbone.download(uri, TARGET, params.tracking)
    assert not TARGET.exists()


def test_a_dead_server_is_not_a_missing_model(at: Callable[[str | None], Params], dead_port: int) -> None:
    began = time.monotonic()
    with pytest.raises(TrackingUnavailable):
        backbone.download("models:/digits/1", TARGET, at(f"http://127.0.0.1:{dead_port}").tracking)
    assert time.monotonic() - began < 60
