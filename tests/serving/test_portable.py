"""What was trained in bfloat16 is served in float32: no bfloat16 is left in the file, and the answers stay."""

from pathlib import Path

import keras
import numpy as np
import pytest

from pipeline.serving import bundle, classifier, portable


@pytest.fixture(scope="module")
def in_bfloat16() -> keras.Model:
    """Convolution, normalization, a residual addition and an operation that is no layer, under Keras' mixed policy."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    keras.utils.set_random_seed(1)
    try:
        pixels = keras.Input((8, 8, 1), dtype="uint8")
        tensor = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(keras.layers.Rescaling(1 / 255)(pixels))
        tensor = keras.layers.Add()([tensor, keras.layers.BatchNormalization()(tensor)])
        tensor = keras.layers.GlobalAveragePooling2D()(keras.ops.cast(tensor, "bfloat16") * 2)
        inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5, activation="relu")])
        return keras.Model(pixels, keras.layers.Dense(3, activation="softmax", dtype="float32")(inner(tensor)))
    finally:
        keras.config.set_dtype_policy(policy)


def test_answers_stay_and_no_bfloat16_is_left(in_bfloat16: keras.Model, tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (5, 8, 8, 1), dtype=np.uint8)
    bundle.save_data(tmp_path, in_bfloat16, ["a", "b", "c"])
    served = classifier.opened(tmp_path)
    assert "bfloat16" not in served.model.to_json()
    said = [[answer["probabilities"][name] for name in "abc"] for answer in served.predict(pixels)]
    np.testing.assert_allclose(said, in_bfloat16.predict(pixels, verbose=0), atol=0.02)


def test_what_is_float32_stays_as_it_is() -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    assert portable.in_float32(model) is model
