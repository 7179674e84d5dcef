"""A run killed after any epoch and started again ends with the bytes of an undisturbed one."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipeline.files import records
from pipeline.model import augmentation, checkpoints, fit
from pipeline.model.fit import Examples
from pipeline.results.history import Epoch

from .test_augmentation import settings as views_of
from .test_fit import CLASSES, examples, model, phase, settings

FEW = [("adam", None, [2]), ("nadam", 1, [2])]
ALL = [
    pytest.param(optimizer, patience, range(1, 4), marks=pytest.mark.slow)
    for optimizer in ("sgd", "momentum", "rmsprop", "adam", "adamw", "nadam")
    for patience in (None, 1)
]


class KilledError(Exception):
    pass


def kill_after(number: int):
    def on_epoch(epoch: Epoch) -> None:
        if epoch.epoch == number:
            raise KilledError

    return on_epoch


def bytes_of(network: keras.Model) -> list[bytes]:
    return [variable.numpy().tobytes() for variable in network.variables]


def training(train, patience):
    """What trains a new network and returns its epochs and weights; of a listener, and the checkpoint to go on from."""

    def run(on_epoch, checkpoint):
        network = model(dropout=0.4, batch_norm=True)
        fitted = fit.fit(
            network, examples(views=1), examples(9), train, phase(train, patience=patience), on_epoch, checkpoint
        )
        return fitted, bytes_of(network)

    return run


@pytest.mark.parametrize(("optimizer", "patience", "kills"), [*FEW, *ALL])
def test_resumed_equals_undisturbed(tmp_path, optimizer, patience, kills):
    run = training(settings(optimizer=optimizer, epochs=4, learning_rate=0.1, weight_decay=0.1), patience)
    undisturbed = run(lambda _: None, None)
    for last in kills:
        if last > len(undisturbed[0]):
            continue  # stopped early before
        checkpoint = tmp_path / f"{last}.npz"
        with pytest.raises(KilledError):
            run(kill_after(last), checkpoint)
        seen: list[Epoch] = []
        assert run(seen.append, checkpoint) == undisturbed
        assert seen == undisturbed[0]  # finished epochs are told again


def on_the_fly() -> tuple[keras.Model, Examples]:
    images = np.random.default_rng(0).integers(0, 256, (23, 8, 8, 1), dtype=np.uint8)
    changes = views_of(on_the_fly=True, rotation=90.0, shift=0.3, shear=0.1, zoom=0.2, flip=True, erasing=0.5, crop=0.5)
    keras.utils.clear_session()
    keras.utils.set_random_seed(1)
    inputs = keras.Input((8, 8, 1), dtype="uint8")
    tensor = keras.layers.Conv2D(2, 3)(keras.layers.Rescaling(1 / 255)(inputs))
    tensor = keras.layers.Dropout(0.5, seed=1)(keras.layers.Flatten()(tensor))
    network = keras.Model(inputs, keras.layers.Dense(CLASSES)(tensor))
    return network, Examples(
        images, np.arange(23) % CLASSES, lambda epoch: augmentation.drawn(changes, range(23), epoch, (8, 8, 1))
    )


def test_resumed_equals_undisturbed_with_images_that_change_every_epoch(tmp_path):
    train = settings(optimizer="adam", epochs=3)

    def run(on_epoch, checkpoint):
        network, data = on_the_fly()
        fitted = fit.fit(network, data, Examples(data.inputs, data.labels), train, phase(train), on_epoch, checkpoint)
        return fitted, bytes_of(network)

    with pytest.raises(KilledError):
        run(kill_after(1), tmp_path / "c.npz")
    assert run(lambda _: None, tmp_path / "c.npz") == run(lambda _: None, None)


def test_a_finished_run_is_not_trained_again(tmp_path, monkeypatch):
    train, checkpoint = settings(), tmp_path / "c.npz"
    first = model()
    epochs = fit.fit(first, examples(), examples(9), train, phase(train), checkpoint=checkpoint)
    monkeypatch.setattr(fit, "run_epoch", None)
    second = model()
    assert fit.fit(second, examples(), examples(9), train, phase(train), checkpoint=checkpoint) == epochs
    assert bytes_of(second) == bytes_of(first)


# Damaged checkpoints


@pytest.fixture
def written(tmp_path) -> Path:
    variables = [tf.Variable(np.arange(6, dtype=np.float32).reshape(2, 3))]
    state = checkpoints.State(variables, [tf.Variable(7.0)], tmp_path / "c.npz")
    state.keep()
    state.save([Epoch(1, 0.5, 0.25, 1.5, 0.125, 0.1)])
    return tmp_path / "c.npz"


def restored(path: Path) -> tuple[list[Epoch], np.ndarray, float]:
    weights, memory = tf.Variable(tf.zeros((2, 3))), tf.Variable(0.0)
    epochs = checkpoints.State([weights], [memory], path).restore()
    return epochs, weights.numpy(), float(memory)


def test_what_is_saved_is_restored(written):
    epochs, weights, memory = restored(written)
    assert epochs == [Epoch(1, 0.5, 0.25, 1.5, 0.125, 0.1)]
    assert weights.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert memory == 7.0


def assert_whole_or_nothing(path: Path) -> None:
    epochs, weights, memory = restored(path)
    assert (weights.tolist(), memory) == (([[0, 1, 2], [3, 4, 5]], 7.0) if epochs else ([[0] * 3] * 2, 0.0))


def test_a_byte_changed_anywhere_gives_the_whole_state_or_none(written):
    content = written.read_bytes()
    for position in range(0, len(content), 7):
        for flip in (0xFF, 0x01):
            written.write_bytes(content[:position] + bytes([content[position] ^ flip]) + content[position + 1 :])
            assert_whole_or_nothing(written)


@pytest.mark.parametrize("kept", [0, 1, 100, 0.5, -1])
def test_a_truncated_checkpoint_is_none(written, kept):
    content = written.read_bytes()
    written.write_bytes(content[: int(kept * len(content)) if isinstance(kept, float) else kept])
    assert restored(written)[0] == []


def test_a_checkpoint_without_one_of_its_arrays_is_none(written):
    with np.load(written) as archive:
        arrays = dict(archive)
    del arrays["best0"]
    with records.atomic(written) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)
    assert_whole_or_nothing(written)
    assert restored(written)[0] == []


def test_a_checkpoint_of_another_network_is_none(written):
    weights = tf.Variable(tf.zeros((4,)))
    assert checkpoints.State([weights], [tf.Variable(0.0)], written).restore() == []
    assert weights.numpy().tolist() == [0.0] * 4


def test_a_kill_while_writing_leaves_the_checkpoint_before(written, monkeypatch):
    before = written.read_bytes()
    monkeypatch.setattr(np, "savez", lambda file, **_: (_ for _ in ()).throw(KilledError))
    with pytest.raises(KilledError):
        checkpoints.State([tf.Variable(1.0)], [], written).save([])
    assert written.read_bytes() == before
    assert list(written.parent.iterdir()) == [written]
