"""KerasHub's networks, unrolled: their blocks are counted, cut between, saved and read back, and say what they said."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from pydantic import ValidationError

from pipeline.files import paths
from pipeline.model import assembly, backbones, features, hub_presets
from pipeline.params.schema import Params
from pipeline.process.errors import CombinationError, ConfigError, DataError
from pipeline.serving import bundle

from . import hub_networks
from .conftest import changed

keras_hub = pytest.importorskip("keras_hub")
EXACT = {"rtol": 1e-4, "atol": 1e-5}


def of_preset(params: Params, folder, size: int = 16, **head) -> Params:
    return changed(
        params,
        images={"height": size, "width": size, "channels": 3, "scale": "backbone"},
        backbone={"name": "hub", "weights": "file", "path": str(folder), "layers": [], "max_unfrozen_layers": 2},
        train={"unfrozen_layers": 2},
        head={"units": [], "dropout": 0.0, **head},
    )


QUICK = (hub_networks.vit, hub_networks.dinov2)
FAMILIES = [make if make in QUICK else pytest.param(make, marks=pytest.mark.slow) for make in hub_networks.ALL]


@pytest.fixture(scope="module", params=FAMILIES, ids=lambda make: make.__name__)
def network(request, tmp_path_factory):
    """A tiny network of KerasHub, its preset's folder, and the size of its images."""
    keras.utils.clear_session()
    made = request.param(keras_hub)
    folder = hub_networks.preset(made, tmp_path_factory.mktemp("preset") / "preset", keras_hub)
    return made, folder, 24 if "dino" in request.param.__name__ else 16


def test_unrolled_it_is_the_same_network_cut_between_blocks_and_saved_whole(params, network, tmp_path):
    made, folder, size = network
    pixels = hub_networks.images(size)
    assembled = assembly.assemble(of_preset(params, folder, size), classes=3)
    unrolled = assembled.network
    np.testing.assert_allclose(unrolled.model(pixels), hub_networks.plainly(made, pixels), **EXACT)

    blocks = [name for name in unrolled.layers if "block" in name or "layers_" in name]
    assert len(blocks) == (4 if "Swin" in type(made).__name__ else 2)
    top = len(unrolled.layers) - unrolled.layers.index(blocks[-1])
    assert unrolled.cut(top).layer == unrolled.layers[-top - 1]  # what is below the last block is all below

    assert_gradients_alike(assembled, pixels)
    for part, rows in ((assembled.full, pixels), (assembled.trained, below(assembled, pixels))):
        part.save(tmp_path / "part.keras")
        again = keras.saving.load_model(tmp_path / "part.keras", compile=False, safe_mode=True)
        np.testing.assert_allclose(again(rows), part(rows), rtol=1e-5, atol=1e-6)


def below(assembled, pixels):
    return keras.Model(assembled.network.input.tensor, assembled.cut.tensor)(pixels, training=False)


def assert_gradients_alike(assembled, pixels) -> None:
    """Of the part above the cut, from its activations, and of the full network from images; in training."""
    variables = assembled.trained.trainable_variables
    assert len(variables) > 2
    labels, found = np.array([0, 1, 2]), []
    for model, rows in ((assembled.trained, below(assembled, pixels)), (assembled.logits, pixels)):
        with tf.GradientTape() as tape:
            logits = model(rows, training=True)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        values = [variable.value for variable in variables]
        gradients = tape.gradient(loss, values, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        found.append([tf.convert_to_tensor(gradient) for gradient in gradients])
    assert any(np.abs(gradient).max() > 0 for gradient in found[0])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    keras.utils.clear_session()
    return hub_networks.preset(hub_networks.vit(keras_hub), tmp_path_factory.mktemp("vit") / "preset", keras_hub)


def test_its_class_token_is_pooled(params, folder):
    assembled = assembly.assemble(of_preset(params, folder, pooling="cls"), classes=3)
    assert assembled.head.input.shape == (None, 8)
    assert bundle.libraries(assembled.full).keys() == {"keras-hub"}
    assert not bundle.libraries(assembled.head)


def test_activations_are_those_of_the_release_that_is_installed(params, folder):
    assembled = assembly.assemble(of_preset(params, folder), classes=3)
    index = hub_presets.said("hub")
    features.check_weights(assembled, index, unfrozen=True)
    with pytest.raises(DataError, match=r"made with keras-hub 0\.1, and here is .*; run dvc repro --force extract"):
        features.check_weights(assembled, {**index, "keras-hub": "0.1"}, unfrozen=True)


def test_random_weights_fit_images_of_any_size(params, folder):
    params = changed(of_preset(params, folder), images={"height": 32, "width": 32}, backbone={"weights": "none"})
    assert backbones.build(params.backbone, params.images).output.shape == (17, 8)


def test_images_of_another_size_than_the_weights_are_refused(params, folder):
    params = changed(of_preset(params, folder), images={"height": 32})
    with pytest.raises(ConfigError, match=r"found height, width, channels \(32, 16, 3\); allowed .*: \(16, 16, 3\)"):
        backbones.build(params.backbone, params.images)


def test_a_preset_without_preparation_is_scaled_by_name_only(params, folder, tmp_path):
    for file in folder.iterdir():
        if file.is_file() and file.name != "image_converter.json":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    params = of_preset(params, tmp_path)
    with pytest.raises(ConfigError, match=r"images\.scale: found 'backbone', and the KerasHub preset .* set unit or"):
        backbones.build(params.backbone, params.images)
    params = changed(params, images={"scale": "symmetric"})
    assert backbones.build(params.backbone, params.images).class_token


@pytest.mark.parametrize("content", [None, "{}", "no JSON"])
def test_a_folder_that_is_no_preset_is_refused(params, tmp_path, content):
    if content:
        (tmp_path / "config.json").write_text(content)
    params = of_preset(params, tmp_path)
    with pytest.raises(ConfigError, match=r"backbone\.path: .*: found no KerasHub preset"):
        backbones.build(params.backbone, params.images)


def test_damaged_weights_are_refused(params, folder, tmp_path):
    for file in folder.iterdir():
        if file.is_file():
            whole = file.read_bytes()
            (tmp_path / file.name).write_bytes(whole[:500] if file.suffix == ".h5" else whole)
    params = of_preset(params, tmp_path)
    with pytest.raises(ConfigError, match=r"the KerasHub preset at .* cannot be used"):
        backbones.build(params.backbone, params.images)


def test_pooling_a_class_token_that_is_none_is_refused(params, tmp_path):
    keras.utils.clear_session()
    made = hub_networks.vit_without_class_token(keras_hub)
    params = of_preset(params, hub_networks.preset(made, tmp_path / "preset", keras_hub), pooling="cls")
    with pytest.raises(CombinationError, match="tokens that all stand for a place, without a class token"):
        assembly.assemble(params, classes=3)


def named(params: Params, name: str, weights: str = "preset") -> Params:
    return changed(params, backbone={"name": name, "weights": weights, "layers": []})


def test_without_network_a_preset_by_name_says_what_to_do(params, folder, monkeypatch):
    def unreachable(handle: str) -> str:
        raise OSError("no route to host")

    monkeypatch.setattr("kagglehub.model_download", unreachable)
    params = named(params, "hub:dinov2_small")
    with pytest.raises(
        ConfigError, match=r"hub:dinov2_small: .* not on this machine, .*kaggle://.*no route.*set name: hub"
    ):
        backbones.build(params.backbone, params.images)


def test_a_downloaded_preset_is_its_folder(params, folder, monkeypatch):
    monkeypatch.setattr("kagglehub.model_download", lambda handle: str(folder))
    params = changed(of_preset(params, folder), backbone={"name": "hub:vit_base_patch16_224_imagenet"} | PRESET)
    assert "transformer_block_1" in backbones.build(params.backbone, params.images).layers


PRESET = {"weights": "preset"}


def test_an_unknown_preset_is_answered_with_the_nearest(params):
    params = named(params, "hub:dinov2-small")
    with pytest.raises(ConfigError, match=r"found 'hub:dinov2-small'; did you mean dinov2_small\?"):
        backbones.build(params.backbone, params.images)


@pytest.mark.parametrize(
    ("name", "weights", "said"),
    [
        ("hub", "imagenet", "set weights: file, or none"),
        ("hub:dinov2_small", "file", "set weights: preset, or none"),
        ("VGG16", "preset", "weights: preset exists for name: hub:PRESET only"),
    ],
)
def test_weights_are_those_of_the_preset(params, name, weights, said):
    with pytest.raises(ValidationError, match=said):
        named(params, name, weights)


def test_an_address_of_kaggle_is_no_mlflow_model():
    assert paths.saved_backbone("hub:kaggle://keras/vit/keras/vit_tiny", "x") is None
    assert paths.hub_preset("hub:kaggle://keras/vit/keras/vit_tiny") == "kaggle://keras/vit/keras/vit_tiny"
