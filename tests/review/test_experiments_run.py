"""Every experiment on file runs from images to metrics: with 200 synthetic images, one epoch, nothing downloaded."""

import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from pipeline.files import paths, records
from pipeline.params import config
from pipeline.params.schema import Params
from pipeline.results import history
from tests import shipped
from tests.rendered import render

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "experiments"
IMAGES = 200
SPLITS = {"train": "train[:80%]", "validation": "train[80%:90%]", "test": "train[90%:]"}
RUN = """
from pipeline.params import config
from pipeline.identity import determinism
from pipeline.stages import evaluate, extract_features, fetch, preprocess, train
determinism.prepare(config.load().compute)
for stage in (fetch, preprocess, extract_features, train, evaluate):
    stage.run(config.load())
"""
TFDS_CLASSES = {"cats_vs_dogs": 2, "tf_flowers": 5}


def write_folder(folder: Path, params: Params) -> None:
    """Noise whose brightness tells the class, in the colours the experiment asks for, somewhat larger."""
    classes = TFDS_CLASSES.get(params.data.name, 10)
    random = np.random.default_rng(1)
    shape = (params.images.height + 8, params.images.width + 8, 3)[: 3 if params.images.channels == 3 else 2]
    for i in range(IMAGES):
        pixels = random.integers(0, 100, shape) + 150 * (i % classes) // classes
        path = folder / f"class {i % classes}" / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.astype(np.uint8)).save(path)


def write_network(path: Path, params: Params) -> None:
    tensor = pixels = keras.Input((params.images.height, params.images.width, params.images.channels))
    for _ in range(params.backbone.max_unfrozen_layers + 1):
        tensor = keras.layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(tensor)
    keras.Model(pixels, tensor).save(path)


def shortened(name: str) -> Params:
    """The experiment's parameters: its images from a folder, ImageNet's weights random, one epoch, on any CPU.

    A saved network, which is no part of the project, is another one of as many layers.
    """
    content = config.read_yaml(FOLDER / name / "params.yaml")
    content["data"] |= {"source": "image_folder", "path": "originals", "splits": SPLITS}
    content["train"] |= {"epochs": 1, "warmup_epochs": min(1, content["train"]["warmup_epochs"])}
    content["compute"]["precision"] = "float32"
    saved = content["backbone"]["name"] == "saved"
    content["backbone"]["path"] = "saved.keras" if saved else str(ROOT / content["backbone"]["path"])
    if content["backbone"]["weights"] == "imagenet":
        content["backbone"]["weights"] = "none"
    return config.check(content, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", shipped.NAMES)
def test_the_experiment_runs_to_its_end(name: str, project: Path) -> None:
    params = shortened(name)
    write_folder(project / "originals", params)
    if params.backbone.name == "saved":
        write_network(Path(params.backbone.path), params)
    records.write_text(paths.PARAMS, render(params.model_dump()))
    # In a process of its own: TensorFlow's threads are set once in a process.
    done = subprocess.run([sys.executable, "-c", RUN], cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    measured = records.read_json(paths.METRICS)
    images = sum(len(records.read_npy(paths.labels(split))) for split in paths.SPLITS)
    assert images == IMAGES
    assert measured["test_images"] == IMAGES // 10
    epochs = history.read(paths.HISTORY)
    assert [epoch.epoch for epoch in epochs] == list(range(params.train.warmup_epochs + 2))
    assert epochs[-1].validation_accuracy == measured["validation_accuracy"]
