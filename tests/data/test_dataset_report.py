"""The data set's report and the refusal to train without images."""

import pytest

from pipeline.data import dataset_report, integrity
from pipeline.data.integrity import Item
from pipeline.data.near_duplicates import Pair
from pipeline.files import records
from pipeline.process.errors import DataError

CLASSES = ["cat", "dog"]
ITEMS = {
    "train": [Item("train", "a", 0, "1"), Item("train", "b", 0, "2"), Item("train", "c", 1, "3")],
    "validation": [Item("validation", "d", 1, "3")],
    "test": [Item("test", "e", 0, "4")],
}


def test_the_report_counts_classes_duplicates_and_skipped_files():
    groups = integrity.duplicates(item for items in ITEMS.values() for item in items)
    report = dataset_report.summarise(
        ITEMS, CLASSES, groups, {"c"}, [{"name": "cat/x.jpg", "reason": "the file is empty"}]
    )
    train, validation = report["splits"]["train"], report["splits"]["validation"]
    assert train["images_per_class"] == {"cat": 2, "dog": 1}
    assert train["majority_share"] == pytest.approx(2 / 3)
    assert train["imbalance"] == 2
    assert validation["missing_classes"] == ["cat"]
    assert (
        report["duplicates"]["leaking"] == report["duplicates"]["count"] == report["duplicates"]["dropped_images"] == 1
    )
    assert report["duplicates"]["groups"][0]["images"] == [
        {"split": "validation", "name": "d", "label": "dog", "dropped": False},
        {"split": "train", "name": "c", "label": "dog", "dropped": True},
    ]
    assert report["skipped"][0]["name"] == "cat/x.jpg"
    assert records.canonical(report)


def test_a_class_may_be_missing_anywhere_but_in_training():
    dataset_report.require_classes(ITEMS, CLASSES)
    with pytest.raises(DataError, match=r"data\.splits\.train: 1 of 2 classes have no training image: dog"):
        dataset_report.require_classes({**ITEMS, "train": ITEMS["train"][:2]}, CLASSES)
    with pytest.raises(DataError, match="no image is left in test"):
        dataset_report.require_classes({**ITEMS, "test": []}, CLASSES)


def test_of_more_pairs_than_are_listed_it_is_said_what_is_together():
    """Folds must not part them, whether they are listed or not."""
    items = [Item("train", f"{n:04}", 0, str(n)) for n in range(2004)]
    pairs = [Pair(items[n], items[n + 1], 0.97) for n in range(0, 2002, 2)]
    report = dataset_report.near_duplicates([*pairs, Pair(items[3], items[4], 0.96)], CLASSES)
    assert (report["count"], len(report["pairs"])) == (1002, 1000)
    assert report["groups"][1] == ["0002", "0003", "0004", "0005"]
    assert len(report["groups"]) == 1000
    assert "groups" not in dataset_report.near_duplicates(pairs[:9], CLASSES)
