"""Split strings against real data, and examples of every kind of storage."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

from pipeline.data import image_folder, reading
from pipeline.process.errors import DataError


@pytest.fixture
def builder(tmp_path, painted):
    """Twenty images of two classes in train, two in test."""
    for i in range(22):
        painted(tmp_path / "source" / ("test" if i > 19 else "train") / "ab"[i % 2] / f"{i}.png", seed=i)
    image_folder.write(tmp_path / "raw", "some", tmp_path / "source", "error")
    return reading.open_raw(tmp_path / "raw", "some")


def check(builder, train, test):
    reading.check_slices(builder.info, {"train": train, "test": test})


def store(folder, features, rows):
    tfds.dataset_builders.store_as_tfds_dataset(
        name="some",
        version="1.0.0",
        data_dir=folder,
        features=tfds.features.FeaturesDict(features),
        split_datasets={"train": list(enumerate(rows))},
    )
    return reading.open_raw(folder, "some")


def test_slices_are_read_in_stored_order(builder):
    whole = [example.name for example in reading.examples(builder, "train", None)]
    assert len(whole) == 20
    assert [e.name for e in reading.examples(builder, "train[:25%]", None)] == whole[:5]
    assert [e.name for e in reading.examples(builder, "train[-3:]", None)] == whole[-3:]
    assert [e.name for e in reading.examples(builder, "train[5:9]", limit=2)] == whole[5:7]
    assert reading.count(builder.info, "train[5:9]", None) == 4
    assert reading.count(builder.info, "train[5:9]", 2) == 2
    assert reading.classes(builder.info) == ["a", "b"]


def test_disjoint_slices_pass_and_shared_images_are_counted(builder):
    check(builder, "train[:80%]", "train[80%:]+test")
    with pytest.raises(DataError, match=r"train \(train\[:12\]\) and test \(train\[50%:\]\) share 2 images"):
        check(builder, "train[:12]", "train[50%:]")
    with pytest.raises(DataError, match="share 20 images"):
        check(builder, "train", "test+train")


def test_a_split_names_no_image_twice(builder):
    """Twice as many test images would be counted as there are. In percent and in images it shows in the data only."""
    with pytest.raises(DataError, match=r"data\.splits: train \(train\[:50%\]\+train\[2:8\]\) names 6 images twice"):
        check(builder, "train[:50%]+train[2:8]", "test")
    check(builder, "train[:50%]+train[10:12]", "test")


def test_wrong_slices_are_named_with_what_is_there(builder):
    with pytest.raises(DataError, match=r"no split valid; allowed: .*train \(20 images\)"):
        check(builder, "train", "valid[:10%]")
    with pytest.raises(DataError, match=r"data\.splits\.test: train\[50%:50%\] means no image"):
        check(builder, "train[:10]", "train[50%:50%]")
    for reversed_ in ("train[-3:3]", "test+train[-3:3]"):
        with pytest.raises(DataError, match=r"means no image"):
            check(builder, "train[:10]", reversed_)
    with pytest.raises(DataError, match=r"data\.splits\.train: found train\[:500\]"):
        check(builder, "train[:500]", "test")


def test_a_missing_or_doubled_data_set_says_to_fetch(tmp_path, builder):
    with pytest.raises(DataError, match="found 0 data sets"):
        reading.open_raw(tmp_path / "raw", "other")
    (tmp_path / "raw/some/2.0.0").mkdir()
    (tmp_path / "raw/some/2.0.0/dataset_info.json").write_text("{}")
    with pytest.raises(DataError, match="found 2 data sets"):
        reading.open_raw(tmp_path / "raw", "some")


@pytest.mark.parametrize("notes", ["", "{", "[]", '{"splits": 1}', "{}"])
def test_damaged_notes_of_a_data_set_say_to_fetch_again(tmp_path, builder, notes):
    (tmp_path / "raw/some/1.0.0/dataset_info.json").write_text(notes)
    with pytest.raises(DataError, match=r"some/1\.0\.0: .*run the stage fetch again"):
        reading.open_raw(tmp_path / "raw", "some")


def test_a_damaged_record_says_to_fetch_again(builder):
    record = next(builder.data_path.glob("*train*"))
    content = bytearray(record.read_bytes())
    content[len(content) // 2] ^= 255
    record.write_bytes(content)
    with pytest.raises(DataError, match="run the stage fetch again"):
        list(reading.examples(builder, "train", None))


@pytest.mark.parametrize("shape", [(3, 2), (3, 2, 1), (3, 2, 3)])
def test_stored_pixels_are_read_as_pixels(tmp_path, shape):
    features = {
        "image": tfds.features.Tensor(shape=shape, dtype=np.uint8),
        "label": tfds.features.ClassLabel(num_classes=2),
    }
    pixels = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    (example,) = reading.examples(store(tmp_path, features, [{"image": pixels, "label": 1}]), "train", None)
    np.testing.assert_array_equal(example.image, pixels)
    assert example.name.startswith("some-train")  # TFDS's id, where the source has no name


def test_other_features_than_the_wanted_are_not_decoded(tmp_path):
    features = {
        "image": tfds.features.Image(shape=(None, None, 1)),
        "mask": tfds.features.Image(shape=(None, None, 1)),
        "label": tfds.features.ClassLabel(num_classes=2),
    }
    row = {"image": np.zeros((2, 2, 1), np.uint8), "mask": np.zeros((2, 2, 1), np.uint8), "label": 0}
    (example,) = reading.examples(store(tmp_path, features, [row]), "train", None)
    assert example.image.startswith(b"\x89PNG")


def test_other_kinds_of_data_sets_are_refused(tmp_path):
    text = {"text": tfds.features.Text(), "label": tfds.features.ClassLabel(num_classes=2)}
    with pytest.raises(
        DataError, match="some has the features label, text; allowed: a data set for image classification"
    ):
        reading.classes(store(tmp_path / "text", text, [{"text": "x", "label": 0}]).info)
    number = {"image": tfds.features.Image(), "label": tfds.features.Scalar(np.int64)}
    with pytest.raises(DataError, match="one class label"):
        reading.classes(store(tmp_path / "number", number, [{"image": np.zeros((2, 2, 3), np.uint8), "label": 0}]).info)
