"""Keras still needs all of it, and all of it works."""

import datetime
import inspect
import json
import socket
import zipfile
from pathlib import Path
from types import SimpleNamespace

import keras
import pytest
from keras.src.saving import saving_lib
from keras.src.utils import file_utils

from pipeline.process.compat import keras_internals


@pytest.fixture
def chain():
    images = keras.Input((4, 4, 1))
    return keras.Model(images, keras.layers.Conv2D(2, 3, name="conv")(images))


def test_a_tensor_leads_to_the_call_that_made_it(chain):
    operation, call = keras_internals.maker(chain.output)
    assert operation is chain.get_layer("conv")
    assert call.input_tensors == [chain.input]
    assert call.output_tensors == [chain.output]
    (given,), options = call.arguments.fill_in({id(chain.input): "in its place"})
    assert (given, options) == ("in its place", {})


def test_clearing_the_session_still_forgets_the_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        keras.layers.Dense(1)
        keras_internals.restart_names()
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        assert [keras.layers.Dense(1).name for _ in range(2)] == ["dense", "dense_1"]
        keras.utils.clear_session()
        assert keras.config.dtype_policy().name == "float32"
    finally:
        keras.config.set_dtype_policy(before)


def test_downloads_still_have_no_time_limit_of_their_own(silent_port):
    assert "timeout" not in inspect.getsource(file_utils)
    with (
        keras_internals.impatient_downloads(0.2),
        pytest.raises(TimeoutError),
        socket.create_connection(("127.0.0.1", silent_port)) as connection,
    ):
        connection.recv(1)
    assert socket.getdefaulttimeout() is None


def test_a_model_saved_twice_still_differs_and_then_does_not(chain, tmp_path, monkeypatch):
    paths = [tmp_path / "one.keras", tmp_path / "two.keras"]
    for second, path in enumerate(paths):
        now = datetime.datetime(2026, 1, 1, 0, 0, second)
        clock = SimpleNamespace(datetime=SimpleNamespace(now=lambda now=now: now))
        monkeypatch.setattr(saving_lib, "datetime", clock)
        chain.save(path)
    assert paths[0].read_bytes() != paths[1].read_bytes()
    for path in paths:
        keras_internals.stabilise(path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def keras_archive(path: Path, date: str, ids: list[int], order: list[str]) -> Path:
    layers = [{"name": f"layer{i}", "shared_object_id": number} for i, number in enumerate(ids)]
    members = {
        "metadata.json": json.dumps({"keras_version": "3", "date_saved": date}),
        "config.json": json.dumps({"layers": layers, "class_name": "Functional"}),
        "model.weights.h5": "weights",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name in order:
            archive.writestr(zipfile.ZipInfo(name, date_time=(2000 + len(ids), 1, 1, 0, 0, 0)), members[name])
    keras_internals.stabilise(path)
    return path


def test_dates_addresses_and_order_do_not_change_a_model_file(tmp_path):
    names = ["metadata.json", "config.json", "model.weights.h5"]
    one = keras_archive(tmp_path / "one.keras", "today", [139_000, 140_000, 139_000], names)
    two = keras_archive(tmp_path / "two.keras", "tomorrow", [7, 9, 7], names[::-1])
    other = keras_archive(tmp_path / "other.keras", "today", [7, 9, 9], names)
    assert one.read_bytes() == two.read_bytes() != other.read_bytes()
    with zipfile.ZipFile(one) as archive:
        layers = json.loads(archive.read("config.json"))["layers"]
        assert [layer["shared_object_id"] for layer in layers] == [0, 1, 0]
        assert archive.read("model.weights.h5") == b"weights"


@pytest.mark.filterwarnings("error")
def test_which_file_a_network_looks_for_is_known_without_looking():
    with pytest.raises(keras_internals.NotAskedError), keras_internals.noted_downloads(ask=False) as noted:
        keras.applications.MobileNetV2(include_top=False, input_shape=(96, 96, 3))
    (wanted,) = noted
    assert wanted.path.name == "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_96_no_top.h5"
    assert wanted.path.parent.name == "models"
    assert wanted.url.endswith(f"/mobilenet_v2/{wanted.path.name}")
    assert "get_file" in inspect.getsource(keras.applications.MobileNetV2)  # no public way to the names
