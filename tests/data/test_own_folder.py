"""An experiment's images in a folder of one's own: its splits are kept, what it lacks is drawn as published."""

from pathlib import Path

import pytest

from pipeline.data import own_folder
from pipeline.params import config
from pipeline.process.errors import ConfigError
from tests.conftest import ROOT

TENTHS = {"train": "train[:80%]", "validation": "train[80%:90%]", "test": "train[90%:]"}
OFFICIAL = {"train": "train[:80%]", "validation": "train[80%:]", "test": "test"}
CATS = {"train": "train[:2000]", "validation": "train[2000:3000]", "test": "train[3000:4000]"}
OWN = {"train": "train", "validation": "validation", "test": "test"}


TEST = {"test": "test"}
MNIST = {"train": "train[5000:]", "validation": "train[:5000]"} | TEST  # as published: of counts, open at an end


@pytest.mark.parametrize(
    ("published", "counts", "expected"),
    [
        (OFFICIAL, {"train": 60_000, "test": 10_000}, OFFICIAL),
        (OFFICIAL, {"train": 5, "validation": 5, "test": 5}, OWN),
        (OFFICIAL, {"train": 70_000}, {"train": "train[:72%]", "validation": "train[72%:90%]", "test": "train[90%:]"}),
        (TENTHS, {"train": 4064}, TENTHS),
        (TENTHS, {"train": 900, "test": 100}, {"train": "train[:89%]", "validation": "train[89%:]", "test": "test"}),
        (TENTHS, {"train": 9, "validation": 1}, {**OWN, "train": "train[:89%]", "test": "train[89%:]"}),
        (CATS, {"train": 2000, "validation": 1000, "test": 1000}, OWN),
        (
            CATS,
            {"train": 9000, "validation": 3000, "test": 900},
            {"train": "train[:2000]", "validation": "validation[:1000]", "test": "test"},
        ),
        (CATS, {"train": 25_000}, {**CATS, "train": "train[:2000]"}),
        (CATS, {"train": 3000}, {"train": "train[:50%]", "validation": "train[50%:75%]", "test": "train[75%:]"}),
        (
            CATS,
            {"train": 8000, "test": 2000},
            {"train": "train[:2000]", "validation": "train[2000:3000]", "test": "test[:1000]"},
        ),
        (
            MNIST,
            {"train": 60_000, "test": 10_000},
            {"train": "train[:55000]", "validation": "train[55000:60000]"} | TEST,
        ),
        (MNIST, {"train": 900, "test": 100}, {"train": "train[:90%]", "validation": "train[90%:]"} | TEST),
        (
            {"train": "train[:-10%]", "validation": "train[-10%:]"} | TEST,
            {"train": 900, "test": 100},
            {"train": "train[:90%]", "validation": "train[90%:]"} | TEST,
        ),
        (
            {"train": "train[:59900]", "validation": "train[59900:60000]"} | TEST,
            {"train": 50_000, "test": 100},
            {"train": "train[:99%]", "validation": "train[99%:]"} | TEST,
        ),
        (MNIST, {"train": 900}, {"train": "train[:82%]", "validation": "train[82%:91%]", "test": "train[91%:]"}),
        (OWN, {"train": 90, "test": 10}, {"train": "train[:90%]", "validation": "train[90%:]", "test": "test"}),
    ],
)
def test_the_published_shares_are_kept(published, counts, expected):
    assert own_folder.cut(published, counts) == expected


@pytest.fixture
def mnist():
    return config.load(ROOT / "experiments/mnist-mlp/params.yaml")


def folder(root: Path, *places: str) -> Path:
    for place in places:
        (root / place).mkdir(parents=True)
        (root / place / "a.png").write_bytes(b"an image")
    return root


def test_a_folder_with_splits(tmp_path, mnist):
    source = folder(tmp_path / "my digits", "train/0", "train/1", "test/0", "test/1")
    found = own_folder.values(mnist, source, None, tmp_path)
    assert found["data.source"] == "image_folder"
    assert found["data.name"] == "my-digits"
    assert found["data.path"] == "my digits"  # inside the project
    assert [found[f"data.splits.{split}"] for split in OFFICIAL] == [*OFFICIAL.values()]
    elsewhere = own_folder.values(mnist, source, None, tmp_path / "project")
    assert elsewhere["data.path"] == str(source)


def test_originals_stay_those_of_tensorflow_datasets(tmp_path, mnist):
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(b"x")
    assert own_folder.values(mnist, tmp_path, None, tmp_path.parent) == {"data.path": tmp_path.name}


def test_weights_from_a_file(tmp_path, mnist):
    flowers = config.load(ROOT / "experiments/tf-flowers-vgg16/params.yaml")
    file = tmp_path / "vgg.h5"
    with pytest.raises(ConfigError, match=r"found nothing at .*; needed: a file"):
        own_folder.values(flowers, None, file, tmp_path)
    file.write_bytes(b"weights")
    found = own_folder.values(flowers, None, file, tmp_path)
    assert found == {"backbone.weights": "file", "backbone.path": "vgg.h5"}
    with pytest.raises(ConfigError, match="nothing is read"):
        own_folder.values(mnist, None, file, tmp_path)


@pytest.mark.parametrize(
    ("name", "weights", "changed"),
    [
        ("hub:dinov2_small", "preset", {"backbone.name": "hub", "backbone.weights": "file"}),
        ("hub", "file", {}),
    ],
)
def test_a_preset_is_a_folder(tmp_path, mnist, name, weights, changed):
    backbone = mnist.backbone.model_copy(update={"name": name, "weights": weights})
    of_hub = mnist.model_copy(update={"backbone": backbone})
    (tmp_path / "preset").mkdir()
    found = own_folder.values(of_hub, None, tmp_path / "preset", tmp_path)
    assert found == {**changed, "backbone.path": "preset"}
    with pytest.raises(ConfigError, match="needed: the folder of a KerasHub preset"):
        own_folder.values(of_hub, None, tmp_path / "absent", tmp_path)


def test_a_model_of_mlflow_is_a_saved_one_in_a_file(tmp_path, mnist):
    backbone = mnist.backbone.model_copy(update={"name": "models:/flowers/3", "weights": "file"})
    (tmp_path / "flowers.keras").write_bytes(b"a network")
    found = own_folder.values(
        mnist.model_copy(update={"backbone": backbone}), None, tmp_path / "flowers.keras", tmp_path
    )
    assert found == {"backbone.name": "saved", "backbone.path": "flowers.keras"}


def test_what_is_no_folder_of_images_is_refused(tmp_path, mnist):
    with pytest.raises(ConfigError, match=r"--data: found nothing at .*; needed: a folder"):
        own_folder.values(mnist, tmp_path / "none", None, tmp_path)
    source = folder(tmp_path / "two", "validation/0", "validation/1", "test/0", "test/1")
    with pytest.raises(ConfigError, match="there must be one for train"):
        own_folder.values(mnist, source, None, tmp_path)
    digits = config.load(ROOT / "experiments/digits/params.yaml")
    with pytest.raises(ConfigError, match=r"data\.source is digits"):
        own_folder.values(digits, source, None, tmp_path)
