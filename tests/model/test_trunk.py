"""Where a saved network's backbone ends: nothing with weights but a classifier is left out, and that is named."""

import keras
import numpy as np
import pytest

from pipeline.model import assembly, backbones, heads, trunk
from pipeline.params.schema import Params
from pipeline.process.errors import CombinationError, ConfigError

from . import networks
from .conftest import changed

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 1), dtype=np.uint8)


@pytest.fixture
def of_model(params, tmp_path):
    """Parameters whose backbone is the given network, saved."""

    def parameters(model: keras.Model, **head) -> Params:
        path = tmp_path / "model.keras"
        model.save(path)
        backbone = {"name": "saved", "path": str(path), "layers": [], "max_unfrozen_layers": 0}
        images = {"height": 8, "width": 8}
        return changed(params, images=images, backbone=backbone, train={"unfrozen_layers": 0}, head=head)

    return parameters


def built(params: Params):
    return backbones.build(params.backbone, params.images)


def classified(model: keras.Model, pooled) -> keras.Model:
    hidden = keras.layers.Dense(5, name="hidden")(keras.layers.LayerNormalization(name="vector_norm")(pooled))
    return keras.Model(model.input, keras.layers.Dense(2, name="classes")(hidden))


@pytest.mark.parametrize("class_token", [True, False])
def test_a_vision_transformer_ends_behind_its_last_block(of_model, class_token):
    model = networks.transformer(class_token)
    pooled = model.output[:, 0] if class_token else keras.layers.GlobalAveragePooling1D()(model.output)
    network = built(of_model(classified(model, pooled)))
    assert network.layers == networks.countable(model)
    assert network.left_out == ("vector_norm", "hidden", "classes")
    assert network.class_token == class_token
    assert network.output.shape == (5 if class_token else 4, 4)
    np.testing.assert_allclose(network.model(IMAGES), model(IMAGES), rtol=1e-5, atol=1e-6)


def test_flattened_tokens_have_a_classifier_too(of_model):
    model = networks.transformer()
    network = built(of_model(classified(model, keras.layers.Flatten()(model.output))))
    assert network.layers == networks.countable(model)


def test_a_map_with_a_dense_head_ends_at_the_map(of_model):
    model = networks.build([("chain", ["conv", "norm"]), ("add", ["conv"])], seed=0)
    network = built(of_model(classified(model, keras.layers.GlobalAveragePooling2D()(model.output))))
    assert network.left_out == ("vector_norm", "hidden", "classes")
    np.testing.assert_allclose(network.model(IMAGES), model(IMAGES), rtol=1e-5, atol=1e-6)


def test_a_gate_made_of_vectors_is_part_of_the_backbone(of_model):
    images = keras.Input((8, 8, 1), dtype="uint8")
    maps = keras.layers.Conv2D(4, 3, name="conv")(images)
    gate = keras.layers.Dense(4, name="gate")(keras.layers.GlobalAveragePooling2D()(maps))
    model = keras.Model(images, keras.layers.Multiply()([maps, keras.layers.Reshape((1, 1, 4))(gate)]))
    network = built(of_model(classified(model, keras.layers.GlobalMaxPooling2D()(model.output))))
    assert network.layers == ["conv", "gate"]


def two_branches() -> keras.Model:
    images = keras.Input((8, 8, 1), dtype="uint8")
    pool = keras.layers.GlobalAveragePooling2D
    left = pool()(keras.layers.Conv2D(2, 3, name="left")(images))
    right = pool()(keras.layers.Conv2D(2, 3, name="right")(images))
    return keras.Model(images, keras.layers.Dense(2)(keras.layers.Concatenate()([left, right])))


def a_recurrent_one() -> keras.Model:
    model = networks.transformer()
    return keras.Model(model.input, keras.layers.Dense(2)(keras.layers.LSTM(3, name="reader")(model.output)))


def a_convolution_of_vectors() -> keras.Model:
    images = keras.Input((8, 8, 1), dtype="uint8")
    vectors = keras.layers.Flatten()(keras.layers.Conv2D(2, 3)(images))
    filtered = keras.layers.Conv1D(2, 3, name="filter")(keras.layers.Reshape((72, 1))(vectors))
    return keras.Model(images, keras.layers.Dense(2)(keras.layers.Flatten()(filtered)))


def a_side_way() -> keras.Model:
    images = keras.Input((8, 8, 1), dtype="uint8")
    maps = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(2, 3, name="conv")(images))
    side = keras.layers.Dense(2, name="side")(keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(images)))
    return keras.Model(images, keras.layers.Dense(2)(keras.layers.Concatenate()([maps, side])))


def only_dense() -> keras.Model:
    images = keras.Input((8, 8, 1), dtype="uint8")
    flat = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(images))
    return keras.Model(images, keras.layers.Dense(2)(keras.layers.Dense(4)(flat)))


def two_heads() -> keras.Model:
    model = networks.transformer()
    pooled = keras.layers.GlobalAveragePooling1D()(model.output)
    return keras.Model(model.input, [keras.layers.Dense(2, name=name)(pooled) for name in ("species", "colour")])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (two_branches, r"layers with weights: (left|right) \(Conv2D\)"),
        (a_recurrent_one, r"last_norm.*layers with weights: reader \(LSTM\)"),
        (a_convolution_of_vectors, r"layers with weights: filter \(Conv1D\)"),
        (a_side_way, r"layers with weights: side \(Dense\)"),
        (only_dense, "all its layers with weights are a classifier"),
        (two_heads, r"it has 2 outputs \(species, colour\): save it with one"),
    ],
)
def test_what_would_be_left_out_is_named(of_model, make, said):
    with pytest.raises(ConfigError, match=rf"model\.keras cannot be used: .*{said}"):
        built(of_model(make()))


def test_dropout_within_attention_is_off_in_training_too(of_model):
    network = built(of_model(networks.transformer(dropout=0.5)))
    tokens = network.model(IMAGES, training=True)
    np.testing.assert_allclose(tokens, network.model(IMAGES, training=False), rtol=1e-6)


def test_the_class_token_is_what_cls_pools(of_model):
    params = of_model(networks.transformer(), pooling="cls", units=[])
    assembled = assembly.assemble(params, classes=3)
    pooled = keras.Model(assembled.network.input.tensor, heads.activations(assembled.network.output, "cls"))
    np.testing.assert_array_equal(pooled(IMAGES), assembled.network.model(IMAGES)[:, 0])


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (lambda: networks.transformer(class_token=False), "tokens that all stand for a place"),
        (lambda: networks.build([("chain", ["conv"])], seed=0), "a feature map"),
    ],
)
def test_cls_is_refused_where_there_is_no_class_token(of_model, model, said):
    with pytest.raises(CombinationError, match=f"head.pooling: found 'cls'.* is {said}, without a class token"):
        assembly.assemble(of_model(model(), pooling="cls"), classes=3)


def test_a_network_of_images_alone_has_no_trunk():
    images = keras.Input((8, 8, 1))
    with pytest.raises(ValueError, match="no feature map"):
        trunk.of(keras.layers.Dense(2)(keras.layers.Flatten()(images)))
