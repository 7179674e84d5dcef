"""The stage preprocess in a project folder of its own."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.data import images
from pipeline.files import paths, records
from pipeline.params import config
from pipeline.params.data_section import Splits
from pipeline.process.errors import DataError
from pipeline.stages import fetch, preprocess

FETCH = ["data.source", "data.name", "data.path", "data.on_bad_image"]
PREPROCESS = [
    *["data.name", "data.splits", "data.limit", "data.deduplicate", "data.allow_leaks"],
    *["images.height", "images.width", "images.channels"],
]
PHOTOGRAPHS = os.environ.get("HERBARIUM_TEST_IMAGES")


@pytest.fixture
def run(params):
    """A function that runs fetch (if asked to) and preprocess with other data and images parameters."""

    def stages(fetching=True, size=(4, 6), channels=3, **data):
        height, width = size
        changed = params.model_copy(
            update={
                "data": params.data.model_copy(update={"limit": None, **data}),
                "images": params.images.model_copy(update={"height": height, "width": width, "channels": channels}),
            }
        )
        if fetching:
            fetch.run(config.narrow(changed, FETCH))
        preprocess.run(config.narrow(changed, PREPROCESS))

    return stages


def paint(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (12, 9, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, "PNG")


@pytest.fixture
def folder(project):
    """Three splits of two classes with four images each; keyword arguments that use them."""
    for i, (split, label, n) in enumerate((s, c, n) for s in ("train", "val", "test") for c in "ab" for n in range(4)):
        paint(project / "source" / split / label / f"{n}.png", seed=i)
    splits = Splits(train="train", validation="validation", test="test")
    return {"source": "image_folder", "name": "ab", "path": "source", "splits": splits}


def test_arrays_labels_and_ids_belong_together(project, run, folder, capsys):
    run(**folder)
    assert records.read_json(paths.CLASSES) == ["a", "b"]
    for split in paths.SPLITS:
        pixels, labels, ids = (
            records.read_npy(paths.images(split)),
            records.read_npy(paths.labels(split)),
            records.read_csv(paths.ids(split)),
        )
        assert (pixels.shape, pixels.dtype, labels.dtype) == ((8, 4, 6, 3), np.uint8, np.int64)
        for image, label, row in zip(pixels, labels, ids, strict=True):
            original = images.decode((project / "source" / row["name"]).read_bytes(), 3)
            assert row["name"].split("/")[1] == "ab"[label]
            assert row["sha256"] == images.pixel_digest(original)
            np.testing.assert_array_equal(image, images.resize(original, 4, 6))
    assert "2 classes; images: train 8, validation 8, test 8" in capsys.readouterr().out
    assert not list(paths.IMAGES.glob(".*"))


def test_repeating_gives_the_same_bytes(project, run, folder):
    run(**folder)
    before = [records.tree_digest(path) for path in (paths.IMAGES, paths.REPORTS)]
    run(**folder)
    assert [records.tree_digest(path) for path in (paths.IMAGES, paths.REPORTS)] == before


def test_digits_become_larger_grey_images(project, run):
    run(size=(28, 28), channels=1, source="digits", name="digits", limit=100)
    assert records.read_npy(paths.images("train")).shape == (100, 28, 28, 1)
    report = records.read_json(paths.DATASET)
    assert report["splits"]["test"]["images"] == 100
    assert report["duplicates"]["count"] == 0
    with Image.open(paths.SAMPLES_PICTURE) as picture:
        assert picture.width > 1000


def leak(project: Path) -> None:
    """One training image in test too, and one under both labels within training."""
    shutil.copy(project / "source/train/a/0.png", project / "source/test/a/leak.png")
    shutil.copy(project / "source/train/a/1.png", project / "source/train/b/wrong.png")


def test_leaks_stop_unless_they_are_allowed(project, run, folder):
    leak(project)
    with pytest.raises(DataError, match=r"test: test/a/leak\.png \(a\) = train: train/a/0\.png \(a\)"):
        run(**folder)
    assert not paths.images("train").exists()
    run(**folder, fetching=False, allow_leaks=True)
    found = records.read_json(paths.DATASET)["duplicates"]
    assert (found["count"], found["leaking"], found["contradicting"], found["dropped_images"]) == (2, 1, 1, 0)
    assert len(records.read_npy(paths.images("train"))) == 9


def test_deduplication_keeps_the_test_image_and_drops_contradictions(project, run, folder):
    leak(project)
    run(**folder, deduplicate=True)
    names = {split: {row["name"] for row in records.read_csv(paths.ids(split))} for split in paths.SPLITS}
    assert "test/a/leak.png" in names["test"]
    assert not {"train/a/0.png", "train/a/1.png", "train/b/wrong.png"} & names["train"]
    assert len(names["train"]) == len(records.read_npy(paths.images("train"))) == 6
    assert len(names["test"]) == 9
    report = records.read_json(paths.DATASET)
    assert report["splits"]["train"]["images_per_class"] == {"a": 2, "b": 4}
    assert report["duplicates"]["dropped_images"] == 3


def test_a_class_without_training_images_stops_and_elsewhere_is_reported(project, run, folder, capsys):
    shutil.rmtree(project / "source/test/b")
    run(**folder)
    assert "test has no image of: b" in capsys.readouterr().out
    assert records.read_json(paths.DATASET)["splits"]["test"]["missing_classes"] == ["b"]
    shutil.rmtree(project / "source/train/b")
    with pytest.raises(DataError, match="no training image: b"):
        run(**folder)


def test_overlapping_slices_stop_before_any_image_is_read(project, run, folder):
    folder["splits"] = Splits(train="train[:5]", validation="train[50%:]", test="test")
    with pytest.raises(DataError, match="share 1 images"):
        run(**folder)
    assert not paths.IMAGES.exists()


def test_preprocess_without_fetch_says_so(project, run, folder):
    with pytest.raises(DataError, match=r"data/raw/ab: found 0 data sets.*run the stage fetch"):
        run(**folder, fetching=False)


@pytest.mark.slow
@pytest.mark.skipif(not PHOTOGRAPHS, reason="HERBARIUM_TEST_IMAGES names no folder of flower photographs")
def test_real_photographs_hold_six_duplicates_four_of_them_contradicting(project, run):
    run(source="image_folder", name="flowers", path=PHOTOGRAPHS, size=(160, 160), deduplicate=True)
    report = records.read_json(paths.DATASET)
    assert (report["duplicates"]["count"], report["duplicates"]["contradicting"]) == (6, 4)
    assert report["duplicates"]["dropped_images"] == 2 + 2 * 4
    assert sum(split["images"] for split in report["splits"].values()) == 4064 - 10
    assert report["splits"]["train"]["imbalance"] < 1.6
