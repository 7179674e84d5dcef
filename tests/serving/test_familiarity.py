"""What is like nothing learned from is called so, and what is like it seldom: measured on images no fit has seen."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from sklearn.datasets import load_digits

from pipeline.process.errors import DataError
from pipeline.serving import bundle, calibration, classifier, familiarity
from pipeline.serving.classifier import Classifier

KNOWN = 7  # of the ten digits
SIDE = 16


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Scanned digits, uint8 (N, 16, 16, 1), shuffled, and their labels."""
    loaded = load_digits()
    order = np.random.default_rng(1).permutation(len(loaded.target))
    pixels = np.kron(loaded.images[order] * (255 / 16), np.ones((1, 2, 2)))
    return pixels.astype(np.uint8)[..., None], loaded.target[order]


def letters() -> np.ndarray:
    """What else is written, uint8 (N, 16, 16, 1)."""
    import matplotlib

    path = Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf"
    drawn = []
    for letter in "ABCDEFGHJKLMNPRTUVWXYabdefghkmnrtwy":
        for size in (12, 14, 16):
            image = Image.new("L", (SIDE, SIDE))
            ImageDraw.Draw(image).text((8, 8), letter, 255, ImageFont.truetype(path, size), anchor="mm")
            drawn.append(np.asarray(image)[..., None])
    return np.stack(drawn)


@pytest.fixture(scope="module")
def trained() -> keras.Model:
    """A network that tells the digits 0 to 6 apart, trained on the first 700 of them."""
    keras.utils.set_random_seed(1)
    pixels, labels = digits()
    rows = np.flatnonzero(labels < KNOWN)[:700]
    given = keras.Input((SIDE, SIDE, 1), dtype="uint8")
    tensor = keras.layers.Rescaling(1 / 255)(given)
    for filters in (16, 32):
        tensor = keras.layers.MaxPooling2D()(keras.layers.Conv2D(filters, 3, padding="same", activation="relu")(tensor))
    tensor = keras.layers.Dense(64, activation="relu", name="dense1")(keras.layers.Flatten(name="pooling")(tensor))
    model = keras.Model(given, keras.layers.Dense(KNOWN, activation="softmax", name="logits")(tensor))
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    model.fit(pixels[rows], labels[rows], epochs=10, batch_size=32, verbose=0)
    return model


@pytest.fixture(scope="module")
def knowing(trained: keras.Model) -> Classifier:
    """It, and what it knows by the same 700 images, and 250 others as held-out ones."""
    pixels, labels = digits()
    rows = np.flatnonzero(labels < KNOWN)
    seen = keras.Model(trained.inputs[0], [trained.get_layer("dense1").input, trained.outputs[0]])
    features, probabilities = (np.asarray(tensor) for tensor in seen(pixels[rows[:950]], training=False))
    held_out = calibration.HeldOut(features[700:], probabilities[700:].astype(float), labels[rows[700:950]])
    found = calibration.fit("dense1", features[:700], labels[rows[:700]], held_out)
    return Classifier(trained, list("0123456"), found)


def unknown(by: Classifier, pixels: np.ndarray) -> float:
    """The share of images (N, H, W, C) that are called none of the classes."""
    return float(np.mean([not answer["known"] for answer in by.predict(pixels)]))


def test_false_alarms_and_detection_on_images_nothing_was_fitted_to(knowing: Classifier) -> None:
    """The numbers of docs/photographs.md."""
    pixels, labels = digits()
    own = pixels[np.flatnonzero(labels < KNOWN)[950:]]
    noise = np.random.default_rng(1).integers(0, 256, (200, SIDE, SIDE, 1), dtype=np.uint8)
    found = {
        "0 to 6": unknown(knowing, own),
        "7 to 9": unknown(knowing, pixels[labels >= KNOWN]),
        "letters": unknown(knowing, letters()),
        "noise": unknown(knowing, noise),
    }
    assert found["0 to 6"] < 0.10, found  # 5 %, and what so few images may err by
    assert found["7 to 9"] > 0.75, found
    assert found["letters"] > 0.95, found
    assert found["noise"] == 1, found
    assert unknown(replace(knowing, false_alarms=0.0), noise) == 0
    assert unknown(replace(knowing, false_alarms=1.0), own) == 1


def test_the_held_out_images_themselves_are_as_odd_as_stated(knowing: Classifier) -> None:
    pixels, labels = digits()
    held_out = pixels[np.flatnonzero(labels < KNOWN)[700:950]]
    for level in (0.05, 0.2, 0.5):
        assert unknown(replace(knowing, false_alarms=level), held_out) == pytest.approx(level, abs=0.02)


def test_answers_are_calibrated_and_else_as_they_were(knowing: Classifier) -> None:
    pixels, labels = digits()
    asked = pixels[np.flatnonzero(labels < KNOWN)[950:960]]
    plain = Classifier(knowing.model, knowing.classes).predict(asked)
    for answer, before in zip(knowing.predict(asked), plain, strict=True):
        assert answer["class"] == before["class"]
        assert answer["probabilities"] == pytest.approx(before["probabilities"], abs=1e-6)
        shares = np.array(list(answer["probabilities"].values())) ** (1 / answer["temperature"])
        assert answer["confidence"] == pytest.approx(shares[0] / shares.sum(), abs=1e-6)
        assert answer["known"] == (answer["typicality"] > 0.05)


def test_temperature_is_found() -> None:
    """Of labels drawn from probabilities that were then made too sure, or not sure enough, by a known factor."""
    random = np.random.default_rng(1)
    honest = random.dirichlet(np.ones(4) / 2, 4000)
    labels = np.array([random.choice(4, p=row) for row in honest])
    for factor in (0.5, 1.0, 3.0):
        found = calibration.temperature(familiarity.tempered(honest, 1 / factor), labels)
        assert found == pytest.approx(factor, rel=0.06)
    sure = np.eye(4)[labels] * 0.96 + 0.01
    assert 0.05 < calibration.temperature(sure, labels) < 1  # without a single mistake, and yet not beyond all bounds


@pytest.mark.parametrize("features", [3, 700])
def test_features_without_variance_or_of_any_number_are_no_obstacle(features: int) -> None:
    random = np.random.default_rng(features)
    labels = random.integers(0, 3, 200)
    given = random.normal(size=(200, features)) + 6 * labels[:, None]
    given[:, 0] = 0  # as a relu that never fires
    held_out = calibration.HeldOut(given[100:], np.full((100, 3), 1 / 3), labels[100:])
    found = calibration.fit("logits", given[:100], labels[:100], held_out)
    assert found is not None
    odd = found.typicality(given[100:] + 40 * (1 + np.arange(features) % 2), np.full((100, 3), 1 / 3))
    assert (odd < 0.05).all()
    assert np.isfinite(found.whitening).all()


@pytest.mark.parametrize("scatter", [0, 1e-30])
@pytest.mark.parametrize("features", [3, 700])
def test_a_network_whose_features_died_is_no_obstacle(features: int, scatter: float) -> None:
    given = 1000 + scatter * np.random.default_rng(1).normal(size=(100, features)).astype(np.float32)
    given[:, 0] = scatter * np.arange(100)
    alike = np.full((100, 3), 1 / 3)
    found = calibration.fit("logits", given, np.arange(100) % 3, calibration.HeldOut(given, alike, np.arange(100) % 3))
    assert found is not None
    assert np.isfinite(found.whitening).all()
    assert np.isfinite(found.distances).all()
    assert np.mean(found.typicality(given, alike) > 0.05) >= 0.94


def test_layers_may_be_called_as_keras_calls_operations(trained: keras.Model, knowing: Classifier) -> None:
    keras.utils.clear_session(free_memory=False)  # in a new process no operation has a name yet
    pixels = keras.Input((SIDE, SIDE, 1), dtype="uint8")
    cast = keras.layers.Rescaling(1.0, name="cast")(pixels)
    features = keras.layers.Flatten(name="pooling")(cast)
    model = keras.Model(pixels, keras.layers.Dense(KNOWN, activation="softmax", name="dense1")(features))
    known = replace(knowing.familiarity, whitening=np.eye(SIDE**2, 3), means=np.zeros((1, 3)))
    assert len(Classifier(model, list("0123456"), known).predict(digits()[0][:3])) == 3


def test_too_few_held_out_images_say_nothing() -> None:
    few = calibration.HeldOut(np.zeros((18, 2)), np.full((18, 2), 0.5), np.zeros(18, int))
    assert calibration.fit("logits", np.zeros((10, 2)), np.arange(10) % 2, few) is None


def test_it_is_saved_with_the_model_and_read_again(knowing: Classifier, tmp_path: Path) -> None:
    pixels, _ = digits()
    saved = [bundle.save_data(tmp_path / n, knowing.model, knowing.classes, knowing.familiarity) for n in "ab"]
    contents = [(folder / classifier.FAMILIARITY).read_bytes() for folder in saved]
    assert contents[0] == contents[1]
    for answer, own in zip(classifier.opened(saved[0]).predict(pixels[:20]), knowing.predict(pixels[:20]), strict=True):
        assert (answer["typicality"], answer["known"]) == (own["typicality"], own["known"])


def changed(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"x")


@pytest.mark.parametrize("spoil", [changed, Path.unlink])
def test_what_was_exchanged_or_taken_away_is_refused(
    knowing: Classifier, tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    folder = bundle.save_data(tmp_path, knowing.model, knowing.classes, knowing.familiarity)
    spoil(folder / classifier.FAMILIARITY)
    with pytest.raises(DataError, match=r"familiarity\.npz changed after the model was saved"):
        classifier.opened(folder)


def test_a_file_that_is_something_else_is_refused(knowing: Classifier, tmp_path: Path) -> None:
    """A stranger can write checksums, too; nothing is unpickled."""
    from pipeline.files import records

    folder = bundle.save_data(tmp_path, knowing.model, knowing.classes)
    with (folder / classifier.FAMILIARITY).open("wb") as file:
        np.savez(file, layer=np.array([{}], dtype=object))
    records.write_json(folder / classifier.CHECKSUMS, classifier.checksums(folder))
    with pytest.raises(DataError, match=r"familiarity\.npz: .*allowed: what `herbarium publish` has logged"):
        classifier.opened(folder)
