"""The training loop, against one written plainly with Keras."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipeline.model import augmentation, fit, heads, schedules
from pipeline.model.fit import Examples, Phase
from pipeline.params.network_sections import Head
from pipeline.params.train_section import Train
from pipeline.results import history

from .test_augmentation import settings as views_of

N, FEATURES, CLASSES = 23, 6, 3


def settings(**changes) -> Train:
    values = {
        "unfrozen_layers": 0,
        "optimizer": "sgd",
        "learning_rate": 0.05,
        "schedule": "constant",
        "layer_decay": 1.0,
        "clip_norm": None,
        "mixup": 0.0,
        "cutmix": 0.0,
        "feature_noise": 0.0,
        "ema": 0.0,
        "weight_decay": 0.0,
        "label_smoothing": 0.0,
        "class_weights": "none",
        "l2": 0.0,
        "batch_size": 5,
        "epochs": 3,
        "warmup_epochs": 0,
        "warmup_learning_rate": 0.1,
        "early_stopping_patience": None,
        "seed": 1,
    }
    return Train.model_validate(values | changes)


def phase(train: Train, **changes) -> Phase:
    values = {
        "epochs": train.epochs,
        "learning_rate": train.learning_rate,
        "schedule": train.schedule,
        "patience": None,
    }
    return Phase(**(values | changes))


def examples(number: int = N, views: int = 0, classes: int = CLASSES) -> Examples:
    random = np.random.default_rng([number, views])
    labels = np.arange(number) % classes
    inputs = random.normal(0, 1, ((1 + views) * number, FEATURES)) + np.tile(labels, 1 + views)[:, None]
    return Examples(inputs.astype(np.float32), labels)


def model(output: str = "softmax", dropout: float = 0.0, batch_norm: bool = False, l2: float = 0.0) -> keras.Model:
    keras.utils.clear_session()
    head = Head(pooling="average", units=[8], dropout=dropout, batch_norm=batch_norm, output=output)
    inputs = keras.Input((FEATURES,))
    return keras.Model(inputs, heads.classify(inputs, head, 2 if output == "sigmoid" else CLASSES, l2, seed=1))


def plainly(network: keras.Model, optimizer: keras.Optimizer, loss: keras.Loss, data: Examples, train: Train) -> list:
    """The mean training loss of each epoch, batch after batch in the documented order."""
    losses = []
    one_hot = np.eye(CLASSES, dtype=np.float32)[data.labels] if network.output.shape[1] > 1 else data.labels[:, None]
    for epoch in range(1, train.epochs + 1):
        rows, total = fit.order(train.seed, epoch, data), 0.0
        for start in range(0, len(rows), train.batch_size):
            chosen = rows[start : start + train.batch_size]
            with tf.GradientTape() as tape:
                logits = network(data.inputs[chosen], training=True)
                answers = chosen % len(data.labels)
                weights = None if data.class_weights is None else data.class_weights[data.labels[answers]]
                weights = (
                    weights if data.weights is None else data.weights[answers] * (1 if weights is None else weights)
                )
                value = loss(one_hot[answers], logits, weights) + sum(network.losses)
            optimizer.apply_gradients(
                zip(tape.gradient(value, network.trainable_variables), network.trainable_variables, strict=True)
            )
            total += float(value) * len(chosen)
        losses.append(total / len(rows))
    return losses


SOFTMAX = keras.losses.CategoricalCrossentropy(from_logits=True)
CASES = {
    "plain": ({}, {}, lambda: keras.optimizers.SGD(0.05), SOFTMAX),
    "adam, dropout, batch norm, penalty": (
        {"optimizer": "adam", "l2": 0.01},
        {"dropout": 0.4, "batch_norm": True, "l2": 0.01},
        lambda: keras.optimizers.Adam(0.05),
        SOFTMAX,
    ),
    "clipped gradients": (
        {"optimizer": "momentum", "clip_norm": 0.3},
        {},
        lambda: keras.optimizers.SGD(0.05, momentum=0.9, global_clipnorm=0.3),
        SOFTMAX,
    ),
    "smoothed labels": (
        {"label_smoothing": 0.1},
        {},
        lambda: keras.optimizers.SGD(0.05),
        keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
    ),
    "sigmoid": (
        {"optimizer": "rmsprop"},
        {"output": "sigmoid"},
        lambda: keras.optimizers.RMSprop(0.05),
        keras.losses.BinaryCrossentropy(from_logits=True),
    ),
}


@pytest.mark.parametrize("weighted", ["nothing", "classes and images"])
@pytest.mark.parametrize("case", CASES)
def test_a_fit_equals_a_loop_written_with_keras(case, weighted):
    changes, network, optimizer, loss = CASES[case]
    train = settings(**changes)
    classes = 2 if network.get("output") == "sigmoid" else CLASSES
    data, validation = examples(views=1, classes=classes), examples(9, classes=classes)
    if "classes" in weighted:
        data = replace(data, class_weights=np.array([0.5, 3.0, 1.0][:classes], np.float32))
    if "images" in weighted:
        data = replace(data, weights=np.linspace(0, 2, N).astype(np.float32))
    found, expected = model(**network), model(**network)
    epochs = fit.fit(found, data, validation, train, phase(train))
    losses = plainly(expected, optimizer(), loss, data, train)
    np.testing.assert_allclose([epoch.train_loss for epoch in epochs], losses, rtol=1e-4)
    for mine, theirs in zip(found.weights, expected.weights, strict=True):
        np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=1e-3, atol=5e-4, err_msg=mine.path)
    assert epochs[-1].validation_loss == pytest.approx(
        fit.losses.score(np.asarray(expected(validation.inputs)), validation.labels)[0], rel=1e-4
    )


def test_the_order_is_a_permutation_that_epoch_and_seed_decide():
    data = examples(views=2)
    rows = fit.order(1, 1, data)
    assert sorted(rows % N) == list(range(N))
    assert set(rows // N) == {0, 1, 2}
    np.testing.assert_array_equal(rows, fit.order(1, 1, data))
    assert not np.array_equal(rows, fit.order(1, 2, data))
    assert not np.array_equal(rows, fit.order(2, 1, data))
    # Without views the same images come in the same order.
    np.testing.assert_array_equal(rows % N, fit.order(1, 1, examples()))


def test_blocks_do_not_change_a_bit(monkeypatch):
    def fitted() -> tuple[list, list]:
        network, train = model(dropout=0.4, batch_norm=True), settings(optimizer="adam")
        epochs = fit.fit(network, examples(), examples(9), train, phase(train))
        return epochs, [v.numpy() for v in network.variables]

    epochs, weights = fitted()
    monkeypatch.setattr(fit, "BLOCK_BYTES", 2 * 5 * FEATURES * 4)
    epochs_of_blocks, weights_of_blocks = fitted()
    assert epochs_of_blocks == epochs
    for mine, theirs in zip(weights_of_blocks, weights, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_schedules():
    def rates(schedule: str, epochs: int = 5) -> list[float]:
        return [Phase(epochs, 0.1, schedule, None, first_epoch=3).rate(epoch) for epoch in range(3, 3 + epochs)]

    assert rates("constant") == [0.1] * 5
    np.testing.assert_allclose(rates("exponential"), 0.1 * np.geomspace(1, 0.01, 5))
    assert rates("exponential", epochs=1) == [0.1]


@pytest.mark.parametrize("epochs", [1, 2, 5, 8, 30, 100])
def test_cosine_begins_at_the_whole_rate_and_no_epoch_is_without(epochs):
    found = [schedules.factor("cosine", done, epochs) for done in range(epochs)]
    reference = keras.optimizers.schedules.CosineDecay(1.0, epochs)
    np.testing.assert_allclose(found, [float(reference(done)) for done in range(epochs)], atol=1e-6)
    assert found[0] == 1
    assert sorted(found, reverse=True) == found
    assert found[-1] > 0


@pytest.mark.parametrize(("epochs", "rising"), [(1, 0), (2, 1), (8, 1), (10, 1), (11, 2), (30, 3), (100, 10)])
def test_warmup_cosine_rises_for_a_tenth_of_the_epochs(epochs, rising):
    found = [schedules.factor("warmup_cosine", done, epochs) for done in range(epochs)]
    np.testing.assert_allclose(found[: rising + 1], np.linspace(0, 1, rising + 2)[1:])
    assert found[rising:] == [schedules.factor("cosine", done, epochs - rising) for done in range(epochs - rising)]


def test_the_rate_of_an_epoch_is_the_schedules():
    train = settings(schedule="exponential", epochs=2)
    epochs = fit.fit(model(), examples(), examples(9), train, phase(train))
    np.testing.assert_allclose([epoch.learning_rate for epoch in epochs], [0.05, 0.0005])


def test_early_stopping_keeps_the_best_epoch():
    network, train = model(), settings(learning_rate=2.0, optimizer="adam", epochs=30)
    epochs = fit.fit(network, examples(), examples(9), train, phase(train, patience=2))
    best = history.best(epochs)
    assert epochs[-1].epoch == best.epoch + 2 < 30
    assert fit.evaluate(network, examples(9)) == (best.validation_loss, best.validation_accuracy)


def test_without_patience_the_last_epoch_is_kept():
    network, train = model(), settings(learning_rate=2.0, optimizer="adam", epochs=6)
    epochs = fit.fit(network, examples(), examples(9), train, phase(train))
    assert len(epochs) == 6
    assert history.best(epochs) is not epochs[-1]
    assert fit.evaluate(network, examples(9)) == (epochs[-1].validation_loss, epochs[-1].validation_accuracy)


def test_divergence_is_an_error_that_names_the_learning_rate():
    data = examples()
    broken = Examples(data.inputs * np.float32(1e30), data.labels)
    train = settings()
    with pytest.raises(
        fit.TrainingDivergedError, match=r"diverged in epoch 1: .*lower train.learning_rate \(now 0.05\)"
    ):
        fit.fit(model(), broken, examples(9), train, phase(train))


def test_dead_weights_are_divergence_though_the_loss_is_finite():
    """Compiled, a dense layer's relu turns NaN into 0, so nothing of it reaches the loss."""
    data = examples()
    inputs = np.where(np.arange(N)[:, None] == 4, np.inf, data.inputs).astype(np.float32)
    train = settings(epochs=1)
    with pytest.raises(fit.TrainingDivergedError, match="weights not finite"):
        fit.fit(model(), Examples(inputs, data.labels), examples(9), train, phase(train))


def test_before_training_both_splits_are_evaluated_without_their_views():
    network, data = model(dropout=0.5), examples(views=1)
    epoch = fit.before_training(network, data, examples(9))
    assert (epoch.train_loss, epoch.train_accuracy) == fit.evaluate(network, Examples(data.inputs[:N], data.labels))
    assert (epoch.validation_loss, epoch.validation_accuracy) == fit.evaluate(network, examples(9))
    assert (epoch.epoch, epoch.learning_rate) == (0, 0.0)


def test_logits_do_not_depend_on_how_they_are_batched(monkeypatch):
    network, inputs = model(), examples(40).inputs
    whole = fit.logits(network, inputs)
    monkeypatch.setattr(fit, "EVALUATION_BATCH", 7)
    np.testing.assert_array_equal(fit.logits(network, inputs), whole)
    assert whole.dtype == np.float32


def test_images_that_change_every_epoch_are_those_augmentation_makes():
    """A network that sums pixels, trained at rate 0: its loss tells which images it saw."""
    images = np.random.default_rng(0).integers(0, 256, (N, 8, 8, 1), dtype=np.uint8)
    labels, train = np.arange(N) % CLASSES, settings(optimizer="sgd", learning_rate=1e-30, epochs=2)
    changes = views_of(on_the_fly=True, rotation=90.0, shift=0.3, zoom=0.2, flip=True, brightness=0.3, randaugment=2)

    def transforms(epoch: int) -> dict[str, np.ndarray]:
        return augmentation.drawn(changes, range(N), epoch, (8, 8, 1))

    keras.utils.clear_session()
    inputs = keras.Input((8, 8, 1), dtype="uint8")
    flat = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(inputs))
    kernel = keras.initializers.GlorotUniform(seed=1)
    network = keras.Model(inputs, keras.layers.Dense(CLASSES, kernel_initializer=kernel)(flat))
    epochs = fit.fit(network, Examples(images, labels, transforms), Examples(images, labels), train, phase(train))
    for epoch in epochs:
        moved = augmentation.apply(images, transforms(epoch.epoch)).numpy()
        expected = fit.evaluate(network, Examples(moved, labels))
        assert (epoch.train_loss, epoch.train_accuracy) == (pytest.approx(expected[0], rel=1e-5), expected[1])
    assert epochs[0].train_loss != epochs[1].train_loss
