"""Exported networks, each asked in its own runtime: they say what was evaluated, and carry their class names."""

import json
import re
import zipfile
from pathlib import Path
from typing import Any, get_args

import keras
import numpy as np
import pytest

from pipeline.files import paths, records
from pipeline.params.schema import Params
from pipeline.process.errors import DataError
from pipeline.results.predictions import Predictions
from pipeline.serving import export as exporting
from pipeline.serving import exports, onnx_files, runtimes
from pipeline.serving.probe import ServedModelError
from tests import finished
from tests.small_data import CLASSES, COUNTS, write_images


@pytest.fixture(scope="module")
def model() -> keras.Model:
    """Of the kinds of layers that networks have: convolution, normalization, addition, pooling, dense, an operation."""
    keras.utils.set_random_seed(1)
    pixels = keras.Input((16, 16, 1), dtype="uint8", name="images")
    tensor = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(keras.layers.Rescaling(1 / 255)(pixels))
    tensor = keras.layers.Add()([tensor, keras.layers.BatchNormalization()(tensor)])
    tensor = keras.layers.GlobalAveragePooling2D()(keras.layers.MaxPooling2D()(tensor)) * 20.0
    return keras.Model(pixels, keras.layers.Softmax()(keras.layers.Dense(3)(tensor)))


@pytest.fixture
def evaluated(project: Path, model: keras.Model) -> Predictions:
    write_images()
    records.write_json(paths.TRAINING, finished.TRAINING)
    probabilities = model.predict(records.read_npy(paths.images("test")), verbose=0).astype(float)
    names = [f"image {i}" for i in range(COUNTS["test"])]
    return Predictions(CLASSES, names, np.array(records.read_npy(paths.labels("test"))), probabilities)


def described(path: Path) -> Any:
    if path.is_dir():
        return records.read_json(path / exports.EXTRA / exports.DESCRIPTION)
    if path.suffix == ".onnx":
        onnx = pytest.importorskip("onnx")
        (entry,) = onnx.load(str(path)).metadata_props
        assert entry.key == onnx_files.DESCRIPTION_KEY
        return json.loads(entry.value)
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read(exports.DESCRIPTION))


@pytest.mark.parametrize("kind", get_args(exports.Format))
def test_what_is_exported_says_what_was_evaluated(
    kind: exports.Format,
    model: keras.Model,
    evaluated: Predictions,
    params: Params,
    capfd: pytest.CaptureFixture[str],
) -> None:
    if kind == "onnx":
        pytest.importorskip("onnxruntime")
    folder = Path("out") / kind
    compared = exporting.export(kind, model, evaluated, params, folder)
    assert capfd.readouterr() == ("", "")  # what converters and runtimes say to their developers
    several = {"litert": ["float32", "float16", "int8"], "onnx": ["float32", "int8"]}
    assert [p.arithmetic for p in compared] == several.get(kind, ["float32"])
    images = np.array(records.read_npy(paths.images("test")))
    for parity in compared:
        file = folder / parity.file
        assert described(file)["classes"] == CLASSES
        said = runtimes.opened(file, 1)(images)
        assert parity.largest_difference == pytest.approx(np.abs(said - evaluated.probabilities).max(), rel=1e-3)
        assert parity.largest_difference < {"float32": 1e-5, "float16": 5e-3, "int8": 0.1}[parity.arithmetic]
        assert parity.accuracy == np.mean(said.argmax(axis=1) == evaluated.labels)
        np.testing.assert_allclose(runtimes.opened(file, 1)(images[:1]), said[:1], atol=1e-5)
    assert [row["file"] for row in records.read_json(folder / exports.DESCRIPTION)["parity"]] == [
        parity.file for parity in compared
    ]
    printed = "\n".join(exporting.lines(folder, compared, evaluated))
    assert all(str(folder / parity.file) in printed for parity in compared)
    assert f"evaluated: {100 * np.mean(evaluated.correct):.2f} % of 11 test images" in printed


def test_another_network_than_the_evaluated_is_not_exported(
    model: keras.Model, evaluated: Predictions, params: Params
) -> None:
    """And what was exported before stays."""
    folder = Path("out")
    exporting.export("keras", model, evaluated, params, folder)
    before = (folder / "model.keras").read_bytes()
    other = Predictions(CLASSES, evaluated.names, evaluated.labels, np.roll(evaluated.probabilities, 1, axis=1))
    with pytest.raises(ServedModelError, match=r"model\.keras differs from .* allowed: 0\.0001\. Nothing was exported"):
        exporting.export("keras", model, other, params, folder)
    assert (folder / "model.keras").read_bytes() == before
    exporting.export("keras", model, evaluated, params, exporting.target(folder))
    assert (folder / "model.keras").read_bytes() == before
    assert [path.name for path in Path().glob("*out*")] == ["out"]


def test_what_is_no_export_is_not_overwritten(project: Path) -> None:
    for name in ("new", "empty"):
        assert exporting.target(Path(name)) == Path(name)
        Path("empty").mkdir(exist_ok=True)
    for other in (Path(), Path("params.yaml")):
        with pytest.raises(DataError, match=r"found something else there \(.*\); allowed: a new folder"):
            exporting.target(other)


@pytest.mark.parametrize(
    ("description", "more", "found"),
    [
        ({"parity": [{"file": "model.keras"}]}, ["notes.md", "icons"], "icons, notes.md"),
        ({"classes": []}, [], "herbarium.json, model.keras"),
        ([], [], "herbarium.json, model.keras"),
        ({"parity": [{"file": "model.keras"}]}, list("abcd"), "a, b, c and 1 more"),
    ],
)
def test_nothing_else_is_lost_with_an_earlier_export(
    project: Path, description: Any, more: list[str], found: str
) -> None:
    folder = Path("assets")
    records.write_json(folder / exports.DESCRIPTION, description)
    for name in ("model.keras", *more):
        (folder / name).touch()
    with pytest.raises(DataError, match=re.escape(f"assets: found something else there ({found}); allowed:")):
        exporting.target(folder)


def test_missing_packages_are_named_before_anything_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_files, "_PACKAGES", ("json", "no_such_package", "nor_this"))
    with pytest.raises(DataError, match=r"no_such_package, nor_this not installed; needed: the extra onnx"):
        onnx_files.require_packages()
