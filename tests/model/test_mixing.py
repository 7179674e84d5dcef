"""Mixtures: drawn from seed and epoch alone, and those of the papers, computed here image by image."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipeline.model import fit, losses, mixing
from pipeline.process.errors import CombinationError

from .test_fit import CLASSES, N, examples, model, phase, settings
from .test_resume import KilledError, bytes_of, kill_after

MAP = (6, 5, 2)


def arrays(epoch: int = 1, images: int = 400, shape: tuple[int, ...] = MAP, **changes) -> dict[str, np.ndarray]:
    return mixing.drawn(settings(batch_size=7, **changes), epoch, images, shape)


def of_batch(drawn: dict[str, np.ndarray], rows: int) -> dict[str, tf.Tensor]:
    return {name: tf.constant(values[:rows]) for name, values in drawn.items()}


def test_nothing_is_drawn_unless_asked_for():
    assert arrays() == {}
    assert arrays(shape=(6,), cutmix=1.0) == {}  # a warm-up, on pooled features


@pytest.mark.parametrize(
    "changes", [{"mixup": 0.2}, {"cutmix": 1.0}, {"mixup": 1.0, "cutmix": 1.0, "feature_noise": 0.1}]
)
def test_what_is_drawn_follows_from_seed_and_epoch(changes):
    once, again = arrays(**changes), arrays(**changes)
    for other in (arrays(epoch=2, **changes), arrays(seed=2, **changes)):
        assert any(not np.array_equal(once[name], other[name]) for name in once)
    for name, values in once.items():
        np.testing.assert_array_equal(values, again[name])
        assert len(values) == 400


def test_partners_are_those_of_the_batch():
    partner = arrays(images=24, mixup=0.2)["partner"]
    for start in range(0, 24, 7):
        batch = partner[start : start + 7]
        assert sorted(batch) == list(range(len(batch)))


def test_shares_of_mixup_are_beta_distributed():
    """Mean and variance of Beta(a, a): 1/2 and 1 / (4 (2 a + 1))."""
    share = arrays(images=20_000, mixup=0.4)["share"]
    assert share.mean() == pytest.approx(0.5, abs=0.01)
    assert share.var() == pytest.approx(1 / (4 * 1.8), abs=0.005)


def test_a_label_has_the_share_of_the_area_that_is_left():
    drawn = arrays(images=20_000, shape=(60, 50, 1), cutmix=1.0)
    top, bottom, left, right = drawn["box"].T
    assert top.min() == left.min() == 0
    assert (bottom.max(), right.max()) == (60, 50)
    np.testing.assert_allclose(drawn["share"], 1 - (bottom - top) * (right - left) / 3000, atol=1e-6)
    assert (drawn["blend"] == 1).all()
    # The area is uniform for alpha = 1; a box at the border is cut off, which leaves more of the image.
    assert 0.5 < drawn["share"].mean() < 0.75


def test_either_has_half_of_the_images():
    drawn, mixed, cut = arrays(mixup=1.0, cutmix=1.0), arrays(mixup=1.0), arrays(cutmix=1.0)
    blended = drawn["share"] == mixed["share"]
    assert 140 < blended.sum() < 260
    for name in ("share", "blend", "box"):
        np.testing.assert_array_equal(drawn[name][blended], mixed[name][blended])
        np.testing.assert_array_equal(drawn[name][~blended], cut[name][~blended])


@pytest.mark.parametrize("changes", [{"mixup": 0.7}, {"cutmix": 1.0}, {"mixup": 0.7, "cutmix": 1.0}])
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_images_are_mixed_as_the_papers_say(changes, dtype):
    rows = np.random.default_rng(0).integers(0, 256, (7, *MAP)).astype(dtype)
    drawn = arrays(**changes)
    found = mixing.changed(tf.constant(rows), of_batch(drawn, 7), None).numpy()
    for image in range(7):
        other, (top, bottom, left, right) = rows[drawn["partner"][image]], drawn["box"][image]
        expected = drawn["blend"][image] * rows[image].astype(float) + (1 - drawn["blend"][image]) * other
        expected[top:bottom, left:right] = other[top:bottom, left:right]
        np.testing.assert_allclose(found[image], np.round(expected) if dtype == "uint8" else expected, rtol=1e-5)
    assert found.dtype == dtype
    assert not np.array_equal(found, rows)


def test_a_graph_gives_the_same_bits():
    rows, drawn = np.random.default_rng(0).normal(size=(7, *MAP)).astype(np.float32), arrays(mixup=0.3, cutmix=1.0)
    batch = of_batch(drawn | arrays(feature_noise=0.5), 7)
    eager = mixing.changed(tf.constant(rows), batch, tf.ones(2)).numpy()
    compiled = tf.function(lambda rows, batch: mixing.changed(rows, batch, tf.ones(2)))
    np.testing.assert_array_equal(compiled(tf.constant(rows), batch).numpy(), eager)


def test_noise_is_as_large_as_the_features_are_spread():
    inputs = np.random.default_rng(0).normal(3.0, [1.0, 20.0], (5000, 2)).astype(np.float32)
    spread = mixing.spread(inputs, 4000, at_once=999)
    np.testing.assert_allclose(spread, inputs[:4000].std(axis=0), rtol=1e-5)
    batch = of_batch(arrays(images=5000, shape=(2,), feature_noise=0.5), 5000)
    noise = mixing.changed(tf.constant(inputs), batch, 0.5 * spread).numpy() - inputs
    np.testing.assert_allclose(noise.std(axis=0), 0.5 * spread, rtol=0.05)
    np.testing.assert_allclose(noise.mean(axis=0) / spread, 0, atol=0.05)


@pytest.mark.parametrize("classes", [1, 4])
def test_the_loss_is_that_of_mixed_labels(classes):
    """As Keras computes it from the mixtures of one-hot labels."""
    random = np.random.default_rng(0)
    logits, share = random.normal(size=(20, classes)).astype(np.float32), random.random(20).astype(np.float32)
    labels, others = (random.integers(0, max(2, classes), 20) for _ in range(2))
    hot = np.eye(classes)[[labels, others]] if classes > 1 else np.array([labels, others])[..., None]
    targets = share[:, None] * hot[0] + (1 - share[:, None]) * hot[1]
    of_keras = keras.losses.CategoricalCrossentropy if classes > 1 else keras.losses.BinaryCrossentropy
    expected = of_keras(from_logits=True, label_smoothing=0.2)(targets, logits)
    smoothing = losses.smoothed(0.2, classes)
    found = losses.cross_entropy(
        tf.constant(labels), tf.constant(logits), smoothing, None, (tf.constant(others), None, share)
    )
    assert float(found) == pytest.approx(float(expected), rel=1e-5)


def test_a_step_learns_from_the_mixture():
    """The first loss of a linear network, computed plainly from what was drawn."""
    data, train = examples(), settings(batch_size=N, epochs=1, mixup=0.5, feature_noise=0.0)
    network = model()
    before = [weight.numpy() for weight in network.weights]
    (epoch,) = fit.fit(network, data, examples(9), train, phase(train))
    drawn, rows = mixing.drawn(train, 1, N, (6,)), fit.order(1, 1, data)
    inputs, labels = data.inputs[rows], data.labels[rows]
    share, partner = drawn["share"][:, None], drawn["partner"]
    plain = model()
    plain.set_weights(before)
    logits = plain(share * inputs + (1 - share) * inputs[partner])
    hot = np.eye(CLASSES)
    targets = share * hot[labels] + (1 - share) * hot[labels[partner]]
    assert epoch.train_loss == pytest.approx(
        float(keras.losses.CategoricalCrossentropy(from_logits=True)(targets, logits)), rel=1e-4
    )
    larger = np.where(drawn["share"] < 0.5, labels[partner], labels)
    assert epoch.train_accuracy == pytest.approx(float((np.argmax(logits, axis=1) == larger).mean()))


def test_blocks_and_interruptions_change_no_bit(tmp_path, monkeypatch):
    train = settings(mixup=0.5, feature_noise=0.3, optimizer="adam")

    def run(on_epoch, checkpoint):
        network = model(dropout=0.4)
        fitted = fit.fit(network, examples(views=1), examples(9), train, phase(train), on_epoch, checkpoint)
        return fitted, bytes_of(network)

    undisturbed = run(lambda _: None, None)
    with pytest.raises(KilledError):
        run(kill_after(2), tmp_path / "c.npz")
    assert run(lambda _: None, tmp_path / "c.npz") == undisturbed
    monkeypatch.setattr(fit, "BLOCK_BYTES", 2 * 5 * 6 * 4)
    assert run(lambda _: None, None) == undisturbed


@pytest.mark.parametrize("shape", [(512,), (50, 64)])
def test_cutmix_needs_places(shape):
    numbers = "×".join(map(str, shape))
    with pytest.raises(
        CombinationError, match=rf"train\.cutmix: found 1, and what is trained begins at {numbers} numbers"
    ):
        mixing.check(settings(cutmix=1.0), shape)
    mixing.check(settings(cutmix=1.0), MAP)
    mixing.check(settings(mixup=1.0), shape)


def test_each_label_counts_as_much_as_its_class_and_its_image():
    from pipeline.model.step import _loss

    random = np.random.default_rng(0)
    logits, labels = random.normal(size=(7, CLASSES)).astype(np.float32), np.arange(7) % CLASSES
    of_classes, of_images = (random.random(count).astype(np.float32) for count in (CLASSES, 7))
    drawn = of_batch(arrays(mixup=0.5), 7)
    partner, share = drawn["partner"].numpy(), drawn["share"].numpy()
    found = _loss(tf.constant(labels), logits, None, tf.constant(of_classes), drawn | {losses.WEIGHTS: of_images})
    logs = losses.log_probabilities(logits)
    of_labels = -logs[np.arange(7), labels] * of_classes[labels] * of_images
    of_others = -logs[np.arange(7), labels[partner]] * of_classes[labels[partner]] * of_images[partner]
    assert float(found) == pytest.approx(np.mean(share * of_labels + (1 - share) * of_others), rel=1e-5)
