"""Backbones by name, from weights files and from saved models: what they compute and what they refuse."""

import random
import socket
import threading
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from pipeline.model import assembly, backbones, extraction
from pipeline.params.schema import Params
from pipeline.process.errors import ConfigError

from .conftest import changed

LARGE = ["ResNet50V2", "MobileNetV3Small", "EfficientNetV2B0", "DenseNet121", "ConvNeXtTiny"]
NAMES = ["VGG16", "MobileNetV2", *(pytest.param(name, marks=pytest.mark.slow) for name in LARGE)]


def pixels(size: int = 32, channels: int = 3, count: int = 2) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, size, size, channels), dtype=np.uint8)


@pytest.fixture
def coloured(params: Params) -> Params:
    """32 × 32 colour images and random weights."""
    return changed(
        params,
        images={"height": 32, "width": 32, "channels": 3},
        backbone={"weights": "none", "max_unfrozen_layers": 0},
        train={"unfrozen_layers": 0},
    )


def named(params: Params, name: str, scale: str = "backbone", **backbone) -> Params:
    return changed(params, images={"scale": scale}, backbone={"name": name, "layers": [], **backbone})


@pytest.mark.parametrize("name", NAMES)
def test_scale_backbone_is_the_preprocessing_the_network_was_trained_with(coloured, name):
    params = named(coloured, name)
    network = backbones.build(params.backbone, params.images)
    constructor, module = backbones.application(name)
    plain = constructor(include_top=False, weights=None, input_shape=(32, 32, 3))
    plain.set_weights(network.model.get_weights())
    expected = plain(module.preprocess_input(pixels().astype(np.float32)))
    np.testing.assert_allclose(network.model(pixels()), expected, rtol=1e-4, atol=1e-5)
    assert len(network.output.shape) == 3


def test_unit_and_symmetric_scales(coloured):
    for scale, low, high in (("unit", 0, 1), ("symmetric", -1, 1)):
        params = changed(coloured, images={"scale": scale}, backbone={"layers": []})
        network = backbones.build(params.backbone, params.images)
        images = pixels()
        np.testing.assert_allclose(network.model(images), low + images / 255 * (high - low), atol=1e-6)


@pytest.mark.parametrize("name", ["MobileNetV3Small", "EfficientNetB0", "ConvNeXtTiny"])
def test_a_network_that_scales_images_itself_is_not_given_scaled_ones(coloured, name):
    params = named(coloured, name, scale="symmetric")
    with pytest.raises(ConfigError, match=f"images.scale: found 'symmetric', but {name} scales images itself"):
        backbones.build(params.backbone, params.images)


def test_dropout_of_a_backbone_is_off_in_training_too(coloured):
    params = named(coloured, "EfficientNetB0")
    network = backbones.build(params.backbone, params.images)
    assert not any(isinstance(layer, keras.layers.Dropout) for layer in network.model.layers)
    network.freeze_below(9)
    tail = network.between(network.cut(9), network.output)
    activations = np.random.default_rng(0).random((4, *network.cut(9).shape), dtype=np.float32)
    np.testing.assert_array_equal(tail(activations, training=True), tail(activations, training=False))


def test_an_unknown_name_is_answered_with_the_nearest(coloured):
    params = named(coloured, "vgg-16")
    with pytest.raises(ConfigError, match=r"backbone.name: found 'vgg-16'; did you mean VGG16\?"):
        backbones.build(params.backbone, params.images)


def test_images_too_small_for_the_network_are_refused(coloured):
    params = changed(named(coloured, "Xception"), images={"height": 4, "width": 4})
    with pytest.raises(ConfigError, match=r"backbone.name: Xception cannot take these images"):
        backbones.build(params.backbone, params.images)


def test_random_weights_follow_the_seed_alone(params):
    params = changed(params, backbone={"weights": "none"})

    def weights(seed: int) -> np.ndarray:
        return backbones.build(params.backbone, params.images, seed).model.get_weights()[0]

    np.testing.assert_array_equal(weights(3), weights(3))
    assert not np.array_equal(weights(3), weights(4))


def test_random_weights_are_the_same_whatever_other_threads_draw(params, monkeypatch):
    params = changed(params, backbone={"weights": "none"})

    def weights() -> list[np.ndarray]:
        return backbones.build(params.backbone, params.images).model.get_weights()

    expected, conv = weights(), keras.layers.Conv2D

    def interrupted(*arguments: Any, **options: Any) -> keras.layers.Layer:
        random.random()  # as an event loop does, at any moment
        return conv(*arguments, **options)

    monkeypatch.setattr(keras.layers, "Conv2D", interrupted)
    for one, other in zip(expected, weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_building_keeps_the_precision(params):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        network = backbones.build(params.backbone, params.images)
        assert network.model.get_layer("conv1").compute_dtype == "bfloat16"
    finally:
        keras.config.set_dtype_policy("float32")


# Weights files


@pytest.mark.parametrize("name", ["convolutions", pytest.param("ConvNeXtTiny", marks=pytest.mark.slow)])
def test_exported_weights_are_read_back(coloured, tmp_path, name):
    params = coloured if name == "convolutions" else named(coloured, name)
    saved = assembly.assemble(params, classes=3)
    path = tmp_path / "exported.weights.h5"
    assembly.save_backbone(saved, path)
    params = changed(params, backbone={"weights": "file", "path": str(path)})
    network = backbones.build(params.backbone, params.images, seed=9)
    assert extraction.weights_digest(network) == extraction.weights_digest(saved.network)


def test_the_weights_keras_publishes_are_read(coloured, tmp_path):
    """They are in the older layout, by layer order, of the network without its classifier."""
    import h5py
    from keras.src.legacy.saving import legacy_h5_format

    plain = keras.applications.VGG16(include_top=False, weights=None, input_shape=(32, 32, 3))
    path = tmp_path / "vgg16_notop.h5"
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, plain)
    params = named(coloured, "VGG16", weights="file", path=str(path))
    network = backbones.build(params.backbone, params.images, seed=9)
    for mine, theirs in zip(network.model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_weights_are_exported_under_a_name_keras_reads(params, tmp_path):
    with pytest.raises(ConfigError, match=r"found the ending \.h5; allowed: a name ending in \.weights\.h5"):
        assembly.save_backbone(assembly.assemble(params, classes=3), tmp_path / "backbone.h5")


def damaged(tmp_path: Path, params: Params, kind: str) -> Path:
    path = tmp_path / ("file.txt" if kind == "suffix" else "file.weights.h5")
    whole = Path(params.backbone.path).read_bytes()
    contents = {"truncated": whole[: len(whole) // 2], "no HDF5": b"hello", "empty": b"", "suffix": whole}
    if kind in contents:
        path.write_bytes(contents[kind])
    return path


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("missing", "found no file; allowed for weights: file: a .h5 file"),
        ("suffix", "found a .txt file; allowed for weights: file: a .h5 file"),
        ("truncated", "does not hold the weights of convolutions"),
        ("no HDF5", "does not hold the weights of convolutions"),
        ("empty", "does not hold the weights of convolutions"),
    ],
)
def test_a_file_that_holds_no_weights_is_refused(params, tmp_path, kind, message):
    path = damaged(tmp_path, params, kind)
    params = changed(params, backbone={"path": str(path)})
    with pytest.raises(ConfigError) as caught:
        backbones.build(params.backbone, params.images)
    assert f"backbone.path: {path}" in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize("layers", [[32, "pool", 32, "pool"], [32, "pool", 64, "pool", 8]])
def test_weights_of_another_architecture_are_refused(params, layers):
    params = changed(params, backbone={"layers": layers})
    with pytest.raises(ConfigError, match="does not hold the weights of convolutions"):
        backbones.build(params.backbone, params.images)


def test_weights_of_a_larger_network_are_refused(params):
    """Keras itself loads what fits and is silent about the rest."""
    params = changed(params, backbone={"layers": [32, "pool"]})
    with pytest.raises(ConfigError, match=r"it holds 4 arrays and the network takes 2: it is a larger network's"):
        backbones.build(params.backbone, params.images)


# Weights from the network


@pytest.fixture
def silent_server():
    """A port on this machine that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []
        threading.Thread(target=lambda: held.append(server.accept()[0]), daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/weights.h5"
        for connection in held:
            connection.close()


def test_a_download_that_never_answers_fails_soon_and_names_the_way_without_network(
    coloured, silent_server, monkeypatch, tmp_path
):
    from keras.src.applications import vgg16
    from keras.src.utils import file_utils

    monkeypatch.setattr(vgg16, "WEIGHTS_PATH_NO_TOP", silent_server)
    monkeypatch.setattr(file_utils.config, "keras_home", lambda: str(tmp_path))
    monkeypatch.setattr(backbones, "DOWNLOAD_TIMEOUT_SECONDS", 0.2)
    params = named(coloured, "VGG16", weights="imagenet")
    with pytest.raises(ConfigError, match=r"could not be downloaded .*set weights: file and path") as caught:
        backbones.build(params.backbone, params.images)
    file = "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
    assert f"are not at {tmp_path}/models/{file}" in str(caught.value)
    assert silent_server in str(caught.value)
    assert socket.getdefaulttimeout() is None


@pytest.mark.parametrize(("size", "weights"), [(96, 96), (160, 160), (100, 224)])
def test_the_weights_are_those_of_the_images_size(coloured, monkeypatch, size, weights):
    params = changed(named(coloured, "MobileNetV2", weights="imagenet"), images={"height": size, "width": size})
    monkeypatch.setattr("keras.src.utils.file_utils.urlretrieve", unreachable)
    with pytest.raises(ConfigError, match=f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_{weights}_no_top.h5"):
        backbones.build(params.backbone, params.images)


def unreachable(*_: object) -> None:
    raise OSError("no route to host")
