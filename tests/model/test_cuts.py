"""Training above the cut is training the full network: for random networks and every number of unfrozen layers."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.model import assembly, cuts, graph, heads
from pipeline.model.cuts import Network
from pipeline.process.errors import CombinationError, ConfigError

from . import networks
from .conftest import changed

CLASSES = 3
FEW = settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
MANY = settings(FEW, max_examples=60, derandomize=False)


@pytest.fixture
def of_network(params, tmp_path):
    """Parameters whose backbone is the given network, saved, with `count` unfrozen layers."""

    def parameters(network: keras.Model, count: int):
        path = tmp_path / "network.keras"
        network.save(path)
        return changed(
            params,
            images={"height": 8, "width": 8},
            backbone={"name": "saved", "path": str(path), "layers": [], "max_unfrozen_layers": count},
            head={"units": [], "dropout": 0.0},
            train={"unfrozen_layers": count},
        )

    return parameters


def plain_keras(network: keras.Model, unfrozen: list[str], head: keras.Model) -> keras.Model:
    """The full network written plainly, from images to logits; batch normalization and dropout as in inference."""
    for layer in network.layers:
        layer.trainable = layer.name in unfrozen
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0
    logits = keras.layers.Dense(CLASSES, name="logits")
    of_map = len(network.output.shape) == 4
    pooling = keras.layers.GlobalAveragePooling2D() if of_map else keras.layers.GlobalAveragePooling1D()
    model = keras.Model(network.input, logits(pooling(network.output)))
    logits.set_weights(head.get_weights())
    return model


def sgd_step(model: keras.Model, rows, labels) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Logits before, and the gradients of, one step; by the variables' paths."""
    variables = model.trainable_variables
    with tf.GradientTape() as tape:
        logits = model(rows, training=True)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
    gradients = [tf.convert_to_tensor(each) for each in tape.gradient(loss, [v.value for v in variables])]
    for variable, gradient in zip(variables, gradients, strict=True):
        variable.assign_sub(0.1 * gradient)
    return logits.numpy(), {v.path: g.numpy() for v, g in zip(variables, gradients, strict=True)}


def assert_close(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert found.keys() == expected.keys()
    for path in found:
        np.testing.assert_allclose(found[path], expected[path], rtol=1e-3, atol=1e-5, err_msg=path)


def assert_drawn_alike(of_network, description, seed, data):
    """Of a network and a number of unfrozen layers that are drawn."""
    network = networks.build(description, seed)
    count = data.draw(st.integers(0, len(networks.countable(network))), label="unfrozen layers")
    assert_trained_alike(of_network, network, count, seed)


@FEW
@given(networks.descriptions, st.integers(0, 2**31 - 1), st.data())
def test_logits_gradients_and_three_steps_equal_the_full_network(of_network, description, seed, data):
    assert_drawn_alike(of_network, description, seed, data)


@pytest.mark.slow
@MANY
@given(networks.descriptions, st.integers(0, 2**31 - 1), st.data())
def test_and_for_many_more_networks(of_network, description, seed, data):
    assert_drawn_alike(of_network, description, seed, data)


@pytest.mark.parametrize("count", [0, 1, 3, 6, 13])
def test_and_for_a_vision_transformer_cut_between_its_layers(of_network, count):
    network = networks.transformer(class_token=count % 2 == 1)
    assert_trained_alike(of_network, network, min(count, len(networks.countable(network))), seed=count)


def assert_trained_alike(of_network, network, count, seed) -> None:
    above = assembly.assemble(of_network(network, count), CLASSES)
    full = plain_keras(network, above.network.unfrozen(count), above.head)
    cut = above.cut
    below = keras.Model(above.network.input.tensor, heads.pool(cut.tensor, "average") if cut.at_output else cut.tensor)

    random = np.random.default_rng(seed)
    images, labels = random.integers(0, 256, (5, 8, 8, 1), dtype=np.uint8), random.integers(0, CLASSES, 5)
    activations = below(images, training=False)
    for _ in range(3):
        logits, gradients = sgd_step(above.trained, activations, labels)
        expected_logits, expected_gradients = sgd_step(full, images, labels)
        np.testing.assert_allclose(logits, expected_logits, rtol=1e-4, atol=1e-5)
        assert_close(gradients, expected_gradients)
    weights = {v.path: v.numpy() for v in above.trained.trainable_variables}
    assert_close(weights, {v.path: v.numpy() for v in full.trainable_variables})
    # The way from the images through the assembled network has the trained weights too.
    np.testing.assert_allclose(above.logits(images), full(images, training=False), rtol=1e-4, atol=1e-5)


@FEW
@given(networks.descriptions)
def test_the_cut_is_the_highest_place_to_cut_below_the_lowest_unfrozen_layer(description):
    network = Network(networks.build(description, seed=0))
    positions = {node.name: p for p, node in enumerate(network.nodes)}
    places = graph.articulations(network.nodes)
    for count in range(1, len(network.layers)):
        lowest = min(positions[name] for name in network.unfrozen(count))
        cut = positions[network.cut(count).layer]
        assert cut in places
        assert cut < lowest
        assert not [p for p in places if cut < p < lowest]
    assert network.cut(0).at_output
    assert network.cut(len(network.layers)).at_input or not network.layers


def chain() -> Network:
    return Network(networks.build([("chain", ["conv", "norm", "conv"]), ("add", ["conv", "dropout"])], seed=0))


def test_layers_are_counted_from_the_top_without_batch_normalization():
    network = chain()
    assert network.layers == ["conv2d", "conv2d_1", "conv2d_2"]
    assert network.unfrozen(2) == ["conv2d_1", "conv2d_2"]
    assert network.unfrozen(0) == []


def test_a_cut_says_what_it_is():
    network = chain()
    inner, images = network.cut(1), network.cut(3)
    assert (inner.layer, inner.shape, inner.at_input, inner.at_output) == ("conv2d_1", (8, 8, 1), False, False)
    assert images.shape == (8, 8, 1)
    assert images.tensor.dtype == "uint8"
    assert network.at("conv2d_1") == inner
    assert network.between(inner, inner) is None


def test_more_unfrozen_layers_than_there_are_is_refused():
    with pytest.raises(ConfigError, match="unfrozen layers: found 4; allowed: 0 to 3"):
        chain().cut(4)


def test_freezing_leaves_only_the_top_layers_trainable_and_never_batch_normalization():
    network = chain()
    network.freeze_below(3)
    assert {v.path.split("/")[0] for v in network.model.trainable_variables} == {"conv2d", "conv2d_1", "conv2d_2"}
    network.freeze_below(1)
    assert {v.path.split("/")[0] for v in network.model.trainable_variables} == {"conv2d_2"}
    network.freeze_below(0)
    assert network.model.trainable_variables == []


@pytest.mark.parametrize(
    ("deepest", "weights", "on_the_fly", "expected"),
    [
        (0, "file", False, ["pool4"]),
        (1, "file", False, ["pool2", "pool4"]),
        (1, "none", False, ["pool2"]),
        (2, "file", False, ["images", "pool4"]),
        (2, "none", False, ["images"]),
        (1, "file", True, ["images"]),
    ],
)
def test_which_activations_are_kept(params, deepest, weights, on_the_fly, expected):
    params = changed(
        params,
        backbone={"max_unfrozen_layers": deepest, "weights": weights},
        train={"unfrozen_layers": 0},
        images={"augmentation": params.images.augmentation.model_dump() | {"on_the_fly": on_the_fly}},
    )
    network = assembly.assemble(params, CLASSES).network
    kept = cuts.stored(network, params.backbone, params.images.augmentation)
    assert [cut.layer for cut in kept] == expected
    start = cuts.trained_from(network, 0, params.images.augmentation)
    assert start.at_input if on_the_fly else start.at_output


@pytest.mark.parametrize(("deepest", "refused"), [(0, False), (1, False), (2, True)])
def test_views_where_training_may_begin_at_the_images_are_refused(params, deepest, refused):
    """Copies of images are kept as activations only: a head would be trained on them, and lower layers without."""
    views = params.images.augmentation.model_dump() | {"views": 3, "flip": True}
    params = changed(
        params,
        backbone={"max_unfrozen_layers": deepest},
        train={"unfrozen_layers": 0},
        images={"augmentation": views},
    )
    network = assembly.assemble(params, CLASSES).network
    if not refused:
        assert not cuts.stored(network, params.backbone, params.images.augmentation)[0].at_input
        return
    with pytest.raises(CombinationError, match=r"views: found 3 .*: 2, .* allowed: .*\.max_unfrozen_layers of 0 to 1$"):
        cuts.stored(network, params.backbone, params.images.augmentation)
