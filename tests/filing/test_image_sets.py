"""Images are known again by what they show and how they are divided into classes, and by nothing else."""

import numpy as np
import pytest

from pipeline.files import paths, records
from pipeline.filing import image_sets, reading, writing
from pipeline.process.errors import DataError

PIXELS, LABELS = ["a", "b", "c", "d"], np.array([0, 0, 1, 1])
KNOWN = image_sets.digest(PIXELS, LABELS)


def test_order_and_the_numbers_of_classes_say_nothing():
    order = [2, 0, 3, 1]
    assert image_sets.digest([PIXELS[i] for i in order], LABELS[order]) == KNOWN
    assert image_sets.digest(PIXELS, 7 - LABELS) == KNOWN


@pytest.mark.parametrize(
    ("pixels", "labels"),
    [
        (["a", "b", "c", "e"], [0, 0, 1, 1]),  # another image
        (["a", "b", "c", "d"], [0, 1, 0, 1]),  # other labels
        (["a", "b", "c"], [0, 0, 1]),  # one less
        (["a", "b", "c", "d", "d"], [0, 0, 1, 1, 1]),  # one twice
        (["a", "b", "c", "d"], [0, 0, 0, 0]),  # one class
        (["a", "b", "c", "d"], [0, 0, 1, 2]),  # three
    ],
)
def test_other_images_or_labels_are_others(pixels, labels):
    assert image_sets.digest(pixels, np.array(labels)) != KNOWN


def test_a_record_says_which_images_it_is_of(finished):
    found = reading.read(writing.file_results("digits")).images
    assert found == image_sets.of_project() == reading.of_results().images
    assert {split: one.images for split, one in found.items()} == {"validation": 6, "test": 6}
    rows = [(f"another name {i}", f"{i:064}") for i in range(6)]
    records.write_csv(paths.ids("test"), ["name", "sha256"], rows)
    assert image_sets.of_project() == found


def test_a_count_that_is_not_that_of_the_metrics_is_refused(finished):
    folder = writing.file_results("digits")
    content = records.read_json(folder / "images.json")
    content["test"]["images"] = 7
    records.write_json(folder / "images.json", content)
    with pytest.raises(DataError, match=r"test_images is 6, from images\.json 7"):
        reading.read(folder)


def test_a_record_without_them_is_read(finished):
    folder = writing.file_results("digits")
    (folder / "images.json").unlink()
    assert reading.read(folder).images == {}
