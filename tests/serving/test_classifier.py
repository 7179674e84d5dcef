"""Images in every form a request can have, answered with class names; the served copy of the code gives the same."""

import base64
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline.data import images
from pipeline.process.errors import DataError
from pipeline.serving import bundle
from pipeline.serving import classifier as classifying
from pipeline.serving.classifier import Classifier

CLASSES = ["dark", "grey", "bright"]


@pytest.fixture(scope="module")
def by_brightness() -> Any:
    """A Keras model of grey 4 × 4 images: the mean grey value 0, 127.5 or 255 gives the three classes."""
    import keras

    pixels = keras.Input((4, 4, 1), dtype="uint8")
    mean = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(pixels))
    return keras.Model(pixels, keras.ops.concatenate([(1 - mean) ** 2, 2 * mean * (1 - mean), mean**2], axis=1))


@pytest.fixture
def classifier(by_brightness: Any) -> Classifier:
    return Classifier(by_brightness, CLASSES)


def png(grey: int, side: int = 9) -> bytes:
    file = io.BytesIO()
    Image.new("L", (side, side + 3), grey).save(file, "PNG")
    return file.getvalue()


class Table(dict):
    columns = ("image",)


@pytest.mark.parametrize(
    "inputs",
    [
        [png(0), png(255)],
        [base64.b64encode(png(0)).decode(), base64.b64encode(png(255)).decode()],
        np.array([base64.b64encode(png(g)).decode() for g in (0, 255)]),
        {"image": [[base64.b64encode(png(g)).decode() for g in (0, 255)]]},
        np.stack([np.zeros((7, 5, 3)), np.full((7, 5, 3), 255)]).astype(np.int64),
        [np.zeros((2, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8)],
        [[[0, 0], [0, 0]], [[255.0, 255.0]]],
        {"image": [png(0), png(255)]},
        Table(image=[png(0), [[255]]]),
    ],
)
def test_every_form_of_an_image_is_understood(classifier: Classifier, inputs: Any) -> None:
    dark, bright = classifier.predict(inputs)
    assert (dark["class"], bright["class"]) == ("dark", "bright")
    assert bright["probability"] == bright["probabilities"]["bright"] == 1.0


def test_all_classes_are_named_the_surest_first(classifier: Classifier) -> None:
    (answer,) = classifier.predict([png(60)])
    shares = answer["probabilities"]
    assert list(shares) == ["dark", "grey", "bright"]
    assert list(shares.values()) == sorted(shares.values(), reverse=True)
    assert sum(shares.values()) == pytest.approx(1)


def test_more_images_than_a_batch_stay_in_order(classifier: Classifier) -> None:
    greys = [0, 255] * 40
    assert [a["class"] for a in classifier.predict([png(g) for g in greys])] == ["dark", "bright"] * 40


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([png(0), b"GIF"], "image 1: not an image"),
        ([b""], "image 0: the file is empty"),
        (["no base64!"], "image 0: found text that is not base64"),
        ([[[0.5, 0]]], "image 0: found float64 .* not whole numbers of 0 to 255"),
        ([[[256, 0]]], "not whole numbers of 0 to 255"),
        ([[[1, 2], [3]]], "rows of different lengths"),
        ([[1, 2, 3]], r"uint8 \(3,\)"),
        ([None], "not whole numbers"),
        (np.zeros((4, 5), np.uint8), r"image 0: found uint8 \(5,\)"),
        (png(0), "found bytes; allowed: a list of images"),
        ({"picture": [png(0)]}, r"found the columns \['picture'\]; allowed: one, 'image'"),
    ],
)
def test_what_is_no_image_is_refused_with_its_place(classifier: Classifier, inputs: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        classifier.predict(inputs)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize(
    "form", [lambda p: p, np.ndarray.tolist, list, lambda p: {"image": p}, lambda p: Table(image=p)]
)
def test_one_image_without_a_list_is_not_taken_for_its_rows(classifier: Classifier, form: Any, channels: int) -> None:
    one = np.zeros((7, 5, channels), np.uint8)
    message = (
        rf"found one image of shape \(7, 5, {channels}\); allowed: a list of images, \[image\]; grey images {channels}"
    )
    with pytest.raises(DataError, match=message):
        classifier.predict(form(one))


def test_images_as_wide_as_there_are_channels_are_told_apart(classifier: Classifier) -> None:
    """What is one image only without its list, and grey images of that width with their channel."""
    assert len(classifier.predict([np.zeros((7, 5, 3), np.uint8)])) == 1
    assert len(classifier.predict(np.zeros((7, 5, 3, 1), np.uint8))) == 7
    assert len(classifier.predict(np.zeros((7, 5, 6), np.uint8))) == 7


def test_nothing_asked_is_nothing_answered(classifier: Classifier) -> None:
    assert classifier.predict([]) == []


def test_a_name_for_every_class_is_needed(by_brightness: Any) -> None:
    with pytest.raises(DataError, match="tells 3 classes apart, and 2 have names"):
        Classifier(by_brightness, CLASSES[:2])


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        (classifying.CHECKSUMS, '{"model.keras": "', "Unterminated string"),
        (classifying.CHECKSUMS, "", "Expecting value"),
        (classifying.CHECKSUMS, '["model.keras"]', "found a list, not a dict"),
        (classifying.CLASSES, '["dark", ', "Expecting value"),
        (classifying.CLASSES, '{"dark": 0}', "found a dict, not a list"),
    ],
)
def test_a_damaged_description_is_named(
    tmp_path: Path, by_brightness: Any, name: str, content: str, found: str
) -> None:
    """Also one whose checksum is right."""
    folder = bundle.save_data(tmp_path / "model", by_brightness, CLASSES)
    (folder / name).write_text(content)
    if name != classifying.CHECKSUMS:
        (folder / classifying.CHECKSUMS).write_text(json.dumps(classifying.checksums(folder)))
    with pytest.raises(DataError, match=rf"{name}: {found}.*; allowed: what `herbarium publish` has logged"):
        classifying.opened(folder)


def test_one_graph_answers_any_number_of_images(classifier: Classifier, by_brightness: Any) -> None:
    """And says what Keras itself does."""
    for number in (1, 2, 33):
        pixels = np.random.default_rng(number).integers(0, 256, (number, 4, 4, 1), dtype=np.uint8)
        said = [[answer["probabilities"][name] for name in CLASSES] for answer in classifier.predict(pixels)]
        np.testing.assert_allclose(said, by_brightness.predict(pixels, verbose=0), atol=1e-6)
    assert classifier._network.experimental_get_tracing_count() == 1


def test_the_copied_code_stands_alone_and_decodes_alike(tmp_path: Path) -> None:
    """Run where `pipeline` cannot be imported."""
    bundle.save_code(tmp_path)
    content = png(77, side=40)
    (tmp_path / "image.png").write_bytes(content)
    script = f"""
import sys
sys.modules["pipeline"] = None
from {bundle.PACKAGE}.data import images
import {bundle.ENTRY}
pixels = images.resize(images.decode(open("image.png", "rb").read(), 3), 4, 5)
sys.stdout.write(images.pixel_digest(pixels))
"""
    run = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.stderr == ""
    assert run.stdout == images.pixel_digest(images.resize(images.decode(content, 3), 4, 5))
