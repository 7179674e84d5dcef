"""The trained part on disk: the same bytes for the same weights, and the full network back from them."""

import io
import os
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

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


def test_a_sound_file_of_another_network_is_not_called_damaged(project, trained_params):
    """Nothing is to be deleted: params.yaml was edited after the training."""
    records.write_json(paths.CLASSES, ["a", "b", "c"])
    assembly.save(randomised(trained_params), paths.MODEL)
    edited = changed(trained_params, train={"unfrozen_layers": 2}, backbone={"max_unfrozen_layers": 2})
    wider = changed(trained_params, head={"units": [9, 4]})
    for other in (edited, wider):
        with pytest.raises(DataError, match=r"of another network than params\.yaml describes now: take back what"):
            assembly.load_trained(other)
    paths.MODEL.write_bytes(paths.MODEL.read_bytes()[:-9])
    with pytest.raises(DataError, match=r"not what was trained .*: delete it"):
        assembly.load_trained(edited)


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


def test_the_summary_is_the_same_in_every_terminal(params, monkeypatch):
    """It is a stage's output: a wide terminal, a dumb one, or one without UTF-8 must not decide its bytes."""
    model = assembly.assemble(params, classes=3).full
    found = {assembly.summary(model)}
    for variables in ({"COLUMNS": "200", "LINES": "9"}, {"TERM": "dumb"}, {"FORCE_COLOR": "1", "NO_COLOR": "1"}):
        with monkeypatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            found.add(assembly.summary(model))
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
        patch.setattr(os, "get_terminal_size", lambda *_: os.terminal_size((200, 50)))
        found.add(assembly.summary(model))
    assert len(found) == 1


@pytest.mark.parametrize("unfrozen", [0, 1, 2])
def test_how_far_down_a_variable_is(params, unfrozen):
    assembled = assembly.assemble(changed(params, train={"unfrozen_layers": unfrozen}), classes=3)
    below = [depth for depth in range(unfrozen, 0, -1) for _ in ("kernel", "bias")]  # the lowest layer comes first
    assert assembled.depths(assembled.trained) == [*below, 0, 0, 0, 0]
    assert assembled.depths(assembled.head) == [0, 0, 0, 0]


def test_lower_layers_learn_more_slowly(params):
    """One step of gradient descent moves a layer by its gradient, its rate and nothing else."""
    from pipeline.model.steps import Steps

    moved = []
    for decay in (1.0, 0.5):
        train = {"unfrozen_layers": 2, "optimizer": "sgd", "layer_decay": decay, "batch_size": 8}
        configured = changed(params, train=train, head={"dropout": 0.0})
        assembled = assembly.assemble(configured, classes=3)
        model = assembled.trained
        before = [variable.numpy() for variable in model.trainable_variables]
        steps = Steps.of(model, configured.train, depths=assembled.depths(model))
        steps.begin(configured.train)
        rows = np.random.default_rng(0).integers(0, 256, (8, *model.input.shape[1:])).astype(model.input.dtype)
        numbers = tf.range(8, dtype=tf.int64)
        steps.run(tf.constant(rows), numbers, numbers % 3, {}, tf.constant(0.5))
        moved.append([v.numpy() - start for v, start in zip(model.trainable_variables, before, strict=True)])
    for plain, decayed, depth in zip(*moved, assembled.depths(model), strict=True):
        np.testing.assert_allclose(decayed, plain * 0.5**depth, rtol=1e-3, atol=1e-6)
        assert np.abs(plain).max() > 0
