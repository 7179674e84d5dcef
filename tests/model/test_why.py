"""A network is told what to look for; the map shows where it is."""

import keras
import numpy as np
import pytest

from pipeline.model import why
from pipeline.plots import heat

from . import networks

SIDE, SQUARE = 32, 8
TOKENS = (SIDE // 4) ** 2


def network(pooling: keras.layers.Layer, classes: int) -> keras.Model:
    """Feature 0 is brightness, feature 1 darkness; class 0 is "something bright", class 1 "something dark"."""
    pixels = keras.Input((SIDE, SIDE, 1), dtype="uint8")
    tensor = keras.layers.Rescaling(1 / 127.5, -1.0)(pixels)
    seen = keras.layers.Conv2D(2, 4, strides=4, activation="relu", name="seen")
    logits = keras.layers.Dense(classes, name="logits")
    tensor = logits(pooling(seen(tensor)))
    last = keras.layers.Softmax() if classes > 1 else keras.layers.Activation("sigmoid")
    model = keras.Model(pixels, last(tensor))
    seen.set_weights([np.stack([np.full((4, 4, 1), w / 16) for w in (1.0, -1.0)], axis=-1), np.zeros(2)])
    features = logits.get_weights()[0].shape[0]
    kernel = np.tile([[1.0, -1.0], [-1.0, 1.0]] if classes > 1 else [[1.0], [-1.0]], (features // 2, 1))
    logits.set_weights([kernel, np.zeros(classes)])
    return model


def token_network(class_token: bool) -> keras.Model:
    """The same on tokens; with a class token, which is given the mean of the others, that alone is classified."""
    pixels = keras.Input((SIDE, SIDE, 1), dtype="uint8")
    seen = keras.layers.Conv2D(2, 4, strides=4, activation="relu", name="seen")
    maps = seen(keras.layers.Rescaling(1 / 127.5, -1.0)(pixels))
    tensor = keras.layers.Reshape((TOKENS, 2))(maps)
    logits, mixing = keras.layers.Dense(2, name="logits"), keras.layers.Dense(TOKENS + 1, use_bias=False)
    if class_token:
        tensor = keras.layers.ZeroPadding1D((1, 0))(tensor)
        tensor = keras.layers.Permute((2, 1))(mixing(keras.layers.Permute((2, 1))(tensor)))
        tensor = keras.layers.LayerNormalization(center=False, scale=False, epsilon=1.0)(tensor)
        tensor = keras.layers.Flatten()(keras.layers.Cropping1D((0, TOKENS))(tensor))
        kernel = np.eye(TOKENS + 1)
        kernel[:, 0] = 1 / TOKENS
        mixing.set_weights([kernel])
    else:
        tensor = keras.layers.GlobalAveragePooling1D()(tensor)
    model = keras.Model(pixels, keras.layers.Softmax()(logits(tensor)))
    seen.set_weights([np.stack([np.full((4, 4, 1), w / 16) for w in (1.0, -1.0)], axis=-1), np.zeros(2)])
    logits.set_weights([np.array([[1.0, -1.0], [-1.0, 1.0]]), np.zeros(2)])
    return model


def planted(grey: int, row: int, column: int) -> np.ndarray:
    """A square of `grey` on a background that is neither bright nor dark."""
    image = np.full((SIDE, SIDE, 1), 127, np.uint8)
    image[row : row + SQUARE, column : column + SQUARE] = grey
    return image


NETWORKS = {
    "averaged": lambda: network(keras.layers.GlobalAveragePooling2D(), 2),
    "averaged, one logit": lambda: network(keras.layers.GlobalAveragePooling2D(), 1),
    "flattened": lambda: network(keras.layers.Flatten(), 2),
    "flattened, one logit": lambda: network(keras.layers.Flatten(), 1),
    "tokens": lambda: token_network(class_token=False),
    "tokens and a class token": lambda: token_network(class_token=True),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_what_decided_is_found_where_it_is(name: str) -> None:
    """Bright or dark, wherever it is planted: nearly all heat is on the square."""
    places = [(0, 0), (8, 16), (24, 24), (16, 4)]
    images = np.stack([planted(grey, *place) for grey in (255, 0) for place in places])
    look = why.looking(NETWORKS[name]())
    assert look
    found = look(images)
    assert found.shape == (8, SIDE // 4, SIDE // 4)
    for heat_map, (row, column) in zip(found, places * 2, strict=True):
        inside = heat_map[row // 4 : (row + SQUARE) // 4, column // 4 : (column + SQUARE) // 4]
        assert heat_map.max() == pytest.approx(1)
        assert inside.sum() > 0.9 * heat_map.sum()


@pytest.mark.parametrize("class_token", [True, False])
def test_of_a_transformer_the_last_tokens_that_tell_places_are_looked_at(class_token: bool) -> None:
    model = networks.transformer(class_token)
    pooled = model.output[:, 0] if class_token else keras.layers.GlobalAveragePooling1D()(model.output)
    whole = keras.Model(model.input, keras.layers.Softmax()(keras.layers.Dense(3, name="logits")(pooled)))
    look = why.looking(whole)
    assert look
    found = look(np.random.default_rng(0).integers(0, 256, (2, 8, 8, 1), dtype=np.uint8))
    assert found.shape == (2, 2, 2)
    assert np.ptp(found) > 0


def test_a_map_of_one_place_says_nothing_so_the_one_below_is_looked_at() -> None:
    pixels = keras.Input((8, 8, 1), dtype="uint8")
    maps = keras.layers.Conv2D(2, 3, strides=4, padding="same")(keras.layers.Rescaling(1 / 255)(pixels))
    pooled = keras.layers.Flatten()(keras.layers.MaxPooling2D(2)(maps))
    look = why.looking(keras.Model(pixels, keras.layers.Softmax()(keras.layers.Dense(2, name="logits")(pooled))))
    assert look
    assert look(np.zeros((1, 8, 8, 1), np.uint8)).shape == (1, 2, 2)


def test_nothing_seen_is_no_heat() -> None:
    model = network(keras.layers.GlobalAveragePooling2D(), 2)
    model.get_layer("logits").set_weights([np.zeros((2, 2)), np.zeros(2)])
    look = why.looking(model)
    assert look
    assert not look(planted(255, 0, 0)[None]).any()


def test_a_network_without_places_looks_nowhere() -> None:
    pixels = keras.Input((4, 4, 1), dtype="uint8")
    flat = keras.layers.Dense(2, name="logits")(keras.layers.Flatten()(pixels))
    assert why.looking(keras.Model(pixels, keras.layers.Softmax()(flat))) is None


def test_an_image_is_tinted_where_the_heat_is_and_nowhere_else() -> None:
    image = np.full((20, 30, 3), 100, np.uint8)
    tinted = heat.over(image, np.array([[1.0, 0.0], [0.0, 0.0]]))
    assert (tinted[:4, :6] != 100).any(axis=-1).all()
    np.testing.assert_array_equal(tinted[-5:, -7:], image[-5:, -7:])
    assert tinted.dtype == np.uint8
    assert tinted.shape == image.shape
