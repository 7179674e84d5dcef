"""A network is told what to look for; the map shows where it is."""

from typing import Any

import keras
import numpy as np
import pytest

from pipeline.model import why
from pipeline.plots import heat

SIDE, SQUARE = 32, 8


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


def planted(grey: int, row: int, column: int) -> np.ndarray:
    """A square of `grey` on a background that is neither bright nor dark."""
    image = np.full((SIDE, SIDE, 1), 127, np.uint8)
    image[row : row + SQUARE, column : column + SQUARE] = grey
    return image


@pytest.mark.parametrize("pooling", [keras.layers.GlobalAveragePooling2D, keras.layers.Flatten])
@pytest.mark.parametrize("classes", [2, 1])
def test_what_decided_is_found_where_it_is(pooling: Any, classes: int) -> None:
    """Bright or dark, wherever it is planted: nearly all heat is on the square."""
    places = [(0, 0), (8, 16), (24, 24), (16, 4)]
    images = np.stack([planted(grey, *place) for grey in (255, 0) for place in places])
    look = why.looking(network(pooling(), classes))
    assert look
    found = look(images)
    assert found.shape == (8, SIDE // 4, SIDE // 4)
    for heat_map, (row, column) in zip(found, places * 2, strict=True):
        inside = heat_map[row // 4 : (row + SQUARE) // 4, column // 4 : (column + SQUARE) // 4]
        assert heat_map.max() == pytest.approx(1)
        assert inside.sum() > 0.9 * heat_map.sum()


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
