"""The trained part on disk: the same bytes for the same weights, and the full network back from them."""

import keras
import numpy as np
import pytest

from pipeline.files import paths, records
from pipeline.model import assembly
from pipeline.params.schema import Params
from pipeline.process.errors import DataError

from .conftest import changed


@pytest.fixture
def trained_params(params: Params) -> Params:
    return changed(params, head={"batch_norm": True, "units": [8, 4], "dropout": [0.1, 0.2]})


def randomised(params: Params) -> assembly.Assembled:
    assembled, random = assembly.assemble(params, classes=3), np.random.default_rng(0)
    for variable in assembled.trained.weights:
        variable.assign(random.uniform(0.5, 1.5, variable.shape))
    return assembled


@pytest.mark.parametrize("unfrozen", [0, 1, 2])
def test_a_model_saved_twice_has_the_same_bytes(trained_params, tmp_path, unfrozen):
    params = changed(trained_params, train={"unfrozen_layers": unfrozen}, backbone={"max_unfrozen_layers": 2})
    for name in ("first", "second"):
        assembly.save(randomised(params), tmp_path / f"{name}.keras")
    assert (tmp_path / "first.keras").read_bytes() == (tmp_path / "second.keras").read_bytes()


@pytest.mark.parametrize("unfrozen", [0, 1, 2])
def test_the_full_network_comes_back_from_the_trained_part(project, trained_params, unfrozen):
    params = changed(trained_params, train={"unfrozen_layers": unfrozen}, backbone={"max_unfrozen_layers": 2})
    records.write_json(paths.CLASSES, ["a", "b", "c"])
    saved = randomised(params)
    assembly.save(saved, paths.MODEL)
    images = np.random.default_rng(1).integers(0, 256, (4, 16, 16, 1), dtype=np.uint8)
    np.testing.assert_array_equal(assembly.load_trained(params).full(images), saved.full(images))


def test_what_is_saved_loads_without_this_project(trained_params, tmp_path):
    saved = randomised(trained_params)
    assembly.save(saved, tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    activations = np.random.default_rng(1).random((4, *saved.cut.shape), dtype=np.float32)
    np.testing.assert_array_equal(loaded(activations), saved.trained(activations))


def test_nothing_trained_yet(project, params):
    with pytest.raises(DataError, match=r"models/model\.keras: not found; nothing has been trained here yet"):
        assembly.load_trained(params)


def test_the_full_network_gives_probabilities_of_pixels(params):
    assembled = randomised(params)
    images = np.random.default_rng(1).integers(0, 256, (4, 16, 16, 1), dtype=np.uint8)
    probabilities = np.asarray(assembled.full(images))
    assert probabilities.shape == (4, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(probabilities, keras.ops.softmax(assembled.logits(images)), rtol=1e-5)


def test_the_summary_is_plain_text_of_every_layer(params):
    text = assembly.summary(assembly.assemble(params, classes=3).full)
    assert all(name in text for name in ("images", "conv1", "pool4", "dense1", "logits", "probabilities"))
    assert "\x1b" not in text
    assert all(len(line) <= 100 for line in text.splitlines())
