"""Sources, splits, weights, losses and arguments that do not fit: refused, with everything on disk as it was."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import pytest

from pipeline.files import paths
from pipeline.identity import determinism
from pipeline.params.schema import Compute
from tests.conftest import ROOT
from tests.small_data import write_images

from .bad_input import REFUSED, Told, assert_refused, snapshot, write_params

# While tests are collected, so before any of them can start TensorFlow with other threads.
determinism.prepare(Compute(precision="float32", threads=2, storage="float32"))

# Other sources, splits against the data

SOURCES: dict[str, tuple[dict[str, Any], str]] = {
    "unknown name": ({"data.source": "tfds", "data.name": "tf_flowerz"}, "no tf_flowerz; did you mean tf_flowers?"),
    "no images": ({"data.source": "tfds", "data.name": "imdb_reviews"}, "allowed: a data set for image classification"),
    "no originals": ({"data.source": "tfds", "data.name": "mnist", "data.path": "nowhere"}, "found no folder nowhere"),
    "unknown split": ({"data.splits.test": "holdout"}, "digits has no split holdout; allowed: train (1797 images)"),
    "an empty slice": ({"data.splits.test": "train[1797:]"}, "data.splits.test: train[1797:] means no image"),
    "beyond the end": ({"data.splits.test": "train[1900:2000]"}, "data.splits.test: "),
    "images against percent": (
        {"data.splits": {"train": "train[:100]", "validation": "train[90%:]", "test": "train[5%:50%]"}},
        "train (train[:100]) and test (train[5%:50%]) share 10 images",
    ),
    "a class without images": ({"data.limit": 5}, "classes have no training image: "),
}


@pytest.mark.parametrize("name", SOURCES)
def test_sources_and_splits_that_do_not_fit(name: str, herbarium: Callable[..., Told], outcome: Callable) -> None:
    changes, says = SOURCES[name]
    Path("originals").mkdir()
    write_params({"data.path": "originals", **changes})
    before = snapshot()
    told = herbarium("fetch")
    if told.code == 0:
        before = snapshot()
        told = herbarium("preprocess")
    assert_refused(told, before, "data.", says)
    outcome("bad input", "data source and splits", REFUSED, inputs=1)


# Weights


def cut_off(path: Path) -> None:
    whole = Path(ROOT / "pipeline/model/fashion_cnn/backbone.weights.h5").read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def of_another_network(path: Path) -> None:
    inputs = keras.Input((16, 16, 1))
    tensor = keras.layers.Dense(3)(keras.layers.Flatten()(keras.layers.Conv2D(4, 3)(inputs)))
    keras.Model(inputs, tensor).save_weights(path)


BUNDLED = str(ROOT / "pipeline/model/fashion_cnn/backbone.weights.h5")
WEIGHTS: dict[str, tuple[Callable[[Path], Any] | None, dict[str, Any], str]] = {
    "missing": (None, {"backbone.path": "w.weights.h5"}, "found no file; allowed for weights: file: a .h5 file"),
    "not HDF5": (lambda p: p.write_bytes(b"hello"), {}, "does not hold the weights of convolutions"),
    "cut off": (cut_off, {}, "does not hold the weights of convolutions"),
    "another network": (of_another_network, {}, "does not hold the weights of convolutions"),
    "wrong shape": (None, {"backbone.path": BUNDLED, "backbone.layers": [16, "pool", 64, "pool"]}, "does not hold"),
    "fewer layers": (None, {"backbone.path": BUNDLED, "backbone.layers": [32, "pool", 64, 64]}, "does not hold"),
    "more layers": (None, {"backbone.path": BUNDLED, "backbone.layers": [32, "pool"]}, "it is a larger network's"),
    "wrong channels": (None, {"backbone.path": BUNDLED, "images.channels": 3}, "does not hold the weights"),
    "no weights file": (None, {"backbone.path": str(ROOT / "README.md")}, "found a .md file"),
    "unknown network": (
        None,
        {"backbone.name": "VGG61", "backbone.layers": [], "backbone.weights": "none"},
        "backbone.name: found 'VGG61'; did you mean VGG",
    ),
    "too small images": (
        None,
        {"backbone.name": "VGG16", "backbone.layers": [], "backbone.weights": "none", "images.channels": 3},
        "VGG16 cannot take these images",
    ),
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_that_do_not_fit(name: str, herbarium: Callable[..., Told], outcome: Callable) -> None:
    make, changes, says = WEIGHTS[name]
    if make:
        make(Path("w.weights.h5"))
    write_params({"backbone.path": "w.weights.h5", **changes})
    write_images(channels=changes.get("images.channels", 1))
    before = snapshot()
    assert_refused(herbarium("extract-features"), before, "params.yaml: backbone.", says)
    outcome("bad input", "weights", REFUSED, inputs=1)


# Training


def test_a_loss_that_is_no_number(herbarium: Callable[..., Told], outcome: Callable) -> None:
    write_images()
    changes = {
        "train.learning_rate": 10.0,
        "train.optimizer": "momentum",
        "train.epochs": 50,
        "train.unfrozen_layers": 2,
    }
    write_params(changes | {"head.dropout": 0.0, "head.units": [64, 64, 64]})
    assert herbarium("extract-features").code == 0
    before = snapshot()
    told = herbarium("train")
    mlflow = {name: digest for name, digest in snapshot().items() if name.startswith("mlflow.db")}
    assert_refused(told, before | mlflow, "training diverged in epoch", "lower train.learning_rate (now 10)")
    outcome("NaN loss", "train", "stops with epoch and reason, nothing written", inputs=1)


# The command line

ARGUMENTS = {
    "unknown command": (("predikt",), "No such command 'predikt'"),
    "unknown option": (("sweep", "--wrokers", "2"), "No such option"),
    "no trials": (("sweep", "--trials", "0"), "--trials"),
    "negative workers": (("sweep", "--workers", "-1"), "--workers"),
    "words for numbers": (("verify", "digits", "--seeds", "three"), "--seeds"),
    "nothing to predict": (("predict",), "Missing argument"),
    "no such image": (("predict", "nowhere.png"), "nowhere.png"),
    "no such experiment": (("use", "digitz"), "digitz"),
    "no such trial": (("promote", "x"), "optuna.db: not found, so there is no sweep to promote from"),
    "nothing to register": (("publish", "--force"), "goes with --register NAME"),
    "nothing to summarise": (("summary",), "reports/"),
    "a path outside": (("record", "../../elsewhere"), "elsewhere"),
    "another ending": (("export-backbone", "backbone.txt"), "allowed: a name ending in .weights.h5"),
    "no such revision": (("compare", "no-such-thing", "."), "no-such-thing"),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments_that_make_no_sense(name: str, herbarium: Callable[..., Told], outcome: Callable) -> None:
    arguments, says = ARGUMENTS[name]
    for earlier in (paths.MODEL, paths.METRICS):
        earlier.unlink()
    before = snapshot()
    told = herbarium(*arguments)
    assert_refused(told, before, says)
    outcome("bad input", "command line", REFUSED, inputs=1)
