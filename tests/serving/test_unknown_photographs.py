"""Photographs of a class that was left out, against those of the classes learned: run on a folder of one's own."""

import os
from pathlib import Path

import keras
import numpy as np
import pytest

from pipeline.data import images
from pipeline.serving import calibration
from pipeline.serving.classifier import Classifier

FOLDER = os.environ.get("HERBARIUM_TEST_IMAGES")
SIDE, EACH = 48, 200
PARTS = (slice(100), slice(100, 150), slice(150, EACH))  # trained on, held out, asked about
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(FOLDER is None, reason="HERBARIUM_TEST_IMAGES names no folder of photographs, one per class"),
]


@pytest.fixture(scope="module")
def photographs() -> dict[str, np.ndarray]:
    """Class → uint8 (N, 48, 48, 3), shuffled."""
    found = {}
    for folder in sorted(path for path in Path(str(FOLDER)).iterdir() if path.is_dir()):
        files = np.random.default_rng(1).permutation(sorted(folder.iterdir()))[:EACH]
        found[folder.name] = np.stack([images.resize(images.decode(f.read_bytes(), 3), SIDE, SIDE) for f in files])
    return found


def network(classes: int) -> keras.Model:
    keras.utils.set_random_seed(1)
    given = keras.Input((SIDE, SIDE, 3), dtype="uint8")
    tensor = keras.layers.Rescaling(1 / 127.5, -1.0)(given)
    for filters in (16, 32, 64):
        tensor = keras.layers.MaxPooling2D()(keras.layers.Conv2D(filters, 3, padding="same", activation="relu")(tensor))
    tensor = keras.layers.GlobalAveragePooling2D()(tensor)
    return keras.Model(given, keras.layers.Dense(classes, activation="softmax", name="logits")(tensor))


def test_false_alarms_are_as_many_as_stated_and_noise_is_none_of_the_classes(
    photographs: dict[str, np.ndarray],
) -> None:
    """How much of the class left out is found is printed: so small a network may see nothing in it that it misses."""
    *known, left_out = photographs
    parts = [np.concatenate([photographs[name][part] for name in known]) for part in PARTS]
    labels = [np.repeat(np.arange(len(known)), [len(photographs[name][part]) for name in known]) for part in PARTS]
    model = network(len(known))
    model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy")
    model.fit(parts[0], labels[0], epochs=12, batch_size=32, verbose=0)
    seen = keras.Model(model.inputs[0], [model.get_layer("logits").input, model.outputs[0]])
    (features, _), (held_out, said) = ([np.asarray(t) for t in seen.predict(p, verbose=0)] for p in parts[:2])
    found = calibration.fit("logits", features, labels[0], calibration.HeldOut(held_out, said.astype(float), labels[1]))
    classifier = Classifier(model, known, found)
    noise = np.random.default_rng(1).integers(0, 256, (50, SIDE, SIDE, 3), dtype=np.uint8)
    asked = {"known": parts[2], left_out: photographs[left_out], "noise": noise}
    shares = {name: np.mean([not a["known"] for a in classifier.predict(pixels)]) for name, pixels in asked.items()}
    print(shares)
    assert shares["known"] < 0.05 + 3 * np.sqrt(0.05 * 0.95 * (1 / len(parts[1]) + 1 / len(parts[2])))
    assert shares["noise"] == 1
