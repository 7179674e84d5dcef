"""Whole saved models as backbones: what they compute and what is refused."""

from pathlib import Path

import keras
import numpy as np
import pytest
from pydantic import ValidationError

from pipeline.identity import fingerprint
from pipeline.model import assembly, backbones, extraction, features
from pipeline.params.schema import Params
from pipeline.process.errors import ConfigError, DataError

from .conftest import changed


def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (2, 16, 16, 1), dtype=np.uint8)


def saved_model(tmp_path: Path, *layers: keras.Layer, dtype: str = "float32", channels: int = 1) -> Path:
    keras.utils.clear_session()
    path = tmp_path / "saved.keras"
    keras.Sequential([keras.Input((16, 16, channels), dtype=dtype), *layers]).save(path)
    return path


def of_file(params: Params, path: Path, deepest: int = 0) -> Params:
    backbone = {"name": "saved", "path": str(path), "layers": [], "max_unfrozen_layers": deepest}
    return changed(params, backbone=backbone, train={"unfrozen_layers": deepest})


def test_our_own_full_model_is_a_backbone_with_its_own_scaling(params, tmp_path):
    params = changed(params, backbone={"max_unfrozen_layers": 2}, train={"unfrozen_layers": 0})
    first = assembly.assemble(params, classes=3)  # frozen, as it is saved
    first.full.save(tmp_path / "full.keras")
    second = backbones.build(of_file(params, tmp_path / "full.keras", 2).backbone, params.images)
    assert second.layers == first.network.layers == ["conv1", "conv3"]
    np.testing.assert_array_equal(second.model(pixels()), first.network.model(pixels()))


def test_a_saved_model_that_takes_floats_is_given_scaled_images(params, tmp_path):
    path = saved_model(tmp_path, keras.layers.Conv2D(2, 3, name="c"), keras.layers.Flatten(), keras.layers.Dense(2))
    params = of_file(params, path, 1)
    network = backbones.build(params.backbone, params.images)
    assert network.layers == ["c"]
    convolution = keras.saving.load_model(path).layers[0]
    expected = convolution(pixels().astype(np.float32) / 255)
    np.testing.assert_allclose(network.model(pixels()), expected, rtol=1e-4, atol=1e-5)


def test_a_base_model_called_as_a_layer_is_taken_apart(params, tmp_path):
    images = keras.Input((16, 16, 1))
    base = keras.Sequential(
        [
            images,
            keras.layers.Conv2D(2, 3, name="a"),
            keras.layers.BatchNormalization(),
            keras.layers.Conv2D(2, 3, name="b"),
        ]
    )
    outer = keras.Input((16, 16, 1))
    features = keras.layers.GlobalAveragePooling2D()(base(keras.layers.RandomFlip()(outer), training=False))
    model = keras.Model(outer, keras.layers.Dense(2)(features))
    model.save(tmp_path / "outer.keras")
    params = of_file(params, tmp_path / "outer.keras", 1)
    network = backbones.build(params.backbone, params.images)
    assert network.layers == ["a", "b"]
    expected = base(pixels().astype(np.float32) / 255)
    np.testing.assert_allclose(network.model(pixels()), expected, rtol=1e-4, atol=1e-5)


def test_other_layers_with_the_same_weights_are_another_training(params, tmp_path, extracted):
    """Where images change every epoch no activations are stored, which would be others."""

    augmentation = params.images.augmentation.model_dump() | {"views": 0, "on_the_fly": True, "flip": True}
    params = changed(of_file(params, tmp_path / "saved.keras"), images={"augmentation": augmentation})

    def named(activation: str) -> str:
        keras.utils.set_random_seed(1)
        saved_model(tmp_path, keras.layers.Conv2D(2, 3, name="c", activation=activation), keras.layers.Flatten())
        extracted(params)
        return fingerprint.of_project(params)

    first, second, again = named("relu"), named("gelu"), named("relu")
    assert first == again
    assert first != second
    saved_model(tmp_path, keras.layers.Conv2D(2, 3, name="c", activation="gelu"), keras.layers.Flatten())
    with pytest.raises(DataError, match="made with other layers of saved than the file of the backbone holds now"):
        features.check_weights(assembly.assemble(params, classes=3), features.read_index(), unfrozen=True)


def test_what_is_beside_dropout_in_a_model_within_the_model_stays(params, tmp_path):
    inner = keras.Sequential([keras.layers.MaxPooling2D(), keras.layers.ReLU(), keras.layers.Dropout(0.5)])
    path = saved_model(tmp_path, keras.layers.Conv2D(2, 3, name="c"), inner, keras.layers.Conv2D(2, 3, name="d"))
    network = backbones.build(of_file(params, path).backbone, params.images)
    expected = keras.saving.load_model(path)(pixels().astype(np.float32) / 255)
    np.testing.assert_allclose(network.model(pixels()), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (keras.layers.RandomCrop(8, 8, name="crop"), r"crop \(RandomCrop\) draws at random and does something else"),
        (
            keras.layers.Pipeline([keras.layers.RandomFlip(), keras.layers.Rescaling(2.0)], name="both"),
            r"both \(Pipeline\) draws at random and does something else",
        ),
        (
            keras.layers.Pipeline([keras.layers.Dropout(0.5), keras.layers.ReLU()], name="cut"),
            r"cut \(Pipeline\) draws at random and does something else",
        ),
        (keras.layers.ReLU(name="pooled"), "layers are called pooled, as those put on top of it are: give them other"),
        (keras.layers.ReLU(name="dense1"), "layers are called dense1"),
        (keras.layers.ReLU(name="half", dtype="mixed_bfloat16"), "half computes in bfloat16, and compute.precision is"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_what_would_be_lost_or_could_not_be_told_apart_is_refused(params, tmp_path, layer, message):
    path = saved_model(tmp_path, keras.layers.Conv2D(2, 3, name="c"), layer, keras.layers.Conv2D(2, 3, name="d"))
    with pytest.raises(ConfigError, match=message):
        backbones.build(of_file(params, path).backbone, params.images)


def test_noise_is_left_out(params, tmp_path):
    noise = [keras.layers.GaussianNoise(0.1), keras.layers.SpatialDropout2D(0.5), keras.layers.RandomFlip()]
    path = saved_model(tmp_path, *noise[2:], keras.layers.Conv2D(2, 3, name="c"), *noise[:2], keras.layers.ReLU())
    network = backbones.build(of_file(params, path).backbone, params.images)
    assert not [layer for layer in network.model.layers if "random" in layer.name or "noise" in layer.name]
    assert network.model.layers[-1].name.startswith("re_lu")


def test_who_computes_together_has_the_same_layers(params, tmp_path):
    found = set()
    for activation in ("relu", "gelu", "relu"):
        keras.utils.set_random_seed(1)
        path = saved_model(tmp_path, keras.layers.Conv2D(2, 3, name="c", activation=activation), keras.layers.Flatten())
        network = backbones.build(of_file(params, path).backbone, params.images)
        found.add(extraction.bits(network, of_file(params, path)))
    assert len(found) == 2


def test_code_in_a_saved_model_is_refused(params, tmp_path):
    path = saved_model(tmp_path, keras.layers.Lambda(lambda x: x + 1), keras.layers.Conv2D(2, 3))
    with pytest.raises(
        ConfigError, match=r"saved\.keras cannot be used: .*; allowed: a functional Keras model without code"
    ):
        backbones.build(of_file(params, path).backbone, params.images)


@pytest.mark.parametrize("kind", ["truncated", "no zip", "vector", "colour", "suffix", "missing"])
def test_what_is_no_usable_saved_model_is_refused(params, tmp_path, kind):
    layers = [keras.layers.Flatten(), keras.layers.Dense(2)] if kind == "vector" else [keras.layers.Conv2D(2, 3)]
    path = saved_model(tmp_path, *layers, channels=3 if kind == "colour" else 1)
    if kind in ("truncated", "no zip"):
        path.write_bytes(path.read_bytes()[:500] if kind == "truncated" else b"hello")
    if kind in ("suffix", "missing"):
        path = path.rename(path.with_suffix(".h5")) if kind == "suffix" else path.with_stem("other")
    with pytest.raises(ConfigError, match=r"backbone\.path: .*(cannot be used|found)"):
        backbones.build(of_file(params, path).backbone, params.images)


def test_a_saved_backbone_brings_its_weights(params):
    with pytest.raises(ValidationError, match="brings its own weights: set weights: file"):
        changed(params, backbone={"name": "saved", "layers": [], "weights": "none"})
