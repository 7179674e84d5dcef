"""The classifier on the backbone: shapes, layers, initial values that follow the seed."""

import keras
import numpy as np
import pytest

from pipeline.model import heads
from pipeline.params.network_sections import Head
from pipeline.process.errors import ConfigError


def head(**changes) -> Head:
    return Head.model_validate(
        {"pooling": "average", "units": [4], "dropout": 0.5, "batch_norm": False, "output": "softmax"} | changes
    )


def built(settings: Head, classes: int = 3, l2: float = 0.0, seed: int = 1) -> keras.Model:
    inputs = keras.Input((6,))
    return keras.Model(inputs, heads.classify(inputs, settings, classes, l2, seed))


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [
        ("average", lambda x: x.mean(axis=(1, 2))),
        ("max", lambda x: x.max(axis=(1, 2))),
        ("flatten", lambda x: x.reshape(2, 48)),
    ],
)
def test_pooling(pooling, expected):
    maps = np.random.default_rng(0).random((2, 4, 4, 3), dtype=np.float32)
    tensor = keras.Input((4, 4, 3))
    found = keras.Model(tensor, heads.pool(tensor, pooling))(maps)
    np.testing.assert_allclose(found, expected(maps), rtol=1e-6)


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [
        ("average", lambda x: x.mean(axis=1)),
        ("max", lambda x: x.max(axis=1)),
        ("cls", lambda x: x[:, 0]),
        ("flatten", lambda x: x.reshape(2, 15)),
    ],
)
def test_pooling_of_tokens(pooling, expected):
    tokens = np.random.default_rng(0).random((2, 5, 3), dtype=np.float32)
    tensor = keras.Input((5, 3))
    found = keras.Model(tensor, heads.pool(tensor, pooling))(tokens)
    np.testing.assert_allclose(found, expected(tokens), rtol=1e-6)


def test_vectors_need_no_pooling():
    vectors = keras.Input((5,))
    assert heads.pool(vectors, "flatten") is vectors


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, ["dense1", "dropout1", "logits"]),
        ({"dropout": 0.0}, ["dense1", "logits"]),
        ({"units": []}, ["dropout", "logits"]),
        ({"units": [], "dropout": []}, ["logits"]),
        ({"units": [8, 4], "dropout": [0.0, 0.1]}, ["dense1", "dense2", "dropout2", "logits"]),
        ({"batch_norm": True}, ["dense1", "batch_norm1", "dropout1", "logits"]),
    ],
)
def test_layers(changes, names):
    assert [layer.name for layer in built(head(**changes)).layers[1:]] == names


def test_initial_values_and_dropout_follow_the_seed_alone():
    def outputs(seed: int) -> np.ndarray:
        keras.utils.set_random_seed(int(np.random.default_rng().integers(1000)))
        return np.asarray(built(head(units=[64]), seed=seed)(np.ones((2, 6), np.float32), training=True))

    np.testing.assert_array_equal(outputs(1), outputs(1))
    assert not np.array_equal(outputs(1), outputs(2))


def test_the_penalty_is_on_the_kernels_of_the_head():
    model = built(head(), l2=0.1)
    expected = sum(0.1 * np.square(layer.kernel.numpy()).sum() for layer in model.layers if hasattr(layer, "kernel"))
    assert float(sum(model.losses)) == pytest.approx(expected)
    assert built(head()).losses == []


def test_sigmoid_has_one_logit_and_two_probabilities():
    model = built(head(output="sigmoid"), classes=2)
    assert model.output.shape == (None, 1)
    logit = keras.Input((1,))
    both = keras.Model(logit, heads.probabilities(logit, "sigmoid"))(np.array([[0.0], [2.0]], np.float32))
    np.testing.assert_allclose(both, [[0.5, 0.5], [1 - 0.880797, 0.880797]], rtol=1e-5)


def test_sigmoid_is_for_two_classes():
    with pytest.raises(ConfigError, match="sigmoid is for two classes, the data has 3: set softmax"):
        built(head(output="sigmoid"))


@pytest.mark.parametrize(
    ("changes", "rates"),
    [
        ({}, [0.5]),
        ({"units": [4, 2]}, [0.5, 0.5]),
        ({"units": [4, 2], "dropout": [0.1, 0.2]}, [0.1, 0.2]),
        ({"units": []}, [0.5]),
        ({"units": [], "dropout": []}, [0.0]),
    ],
)
def test_dropout_rates(changes, rates):
    assert heads.dropout_rates(head(**changes)) == rates


def test_no_layer_of_a_seed_has_another_seeds_or_layers_values():
    """Of equal layers: what seed 2 gives the first is not what seed 1 gives the second."""
    found = []
    for seed in range(4):
        layers = built(head(units=[6, 6, 6]), classes=6, seed=seed).layers
        found += [layer.kernel.numpy().tobytes() for layer in layers if isinstance(layer, keras.layers.Dense)]
        found += [layer.seed_generator.state.numpy().tobytes() for layer in layers if hasattr(layer, "seed_generator")]
    assert len(found) == len(set(found)) == 4 * (4 + 3)
