"""Suspected labels as a list and in sentences: images by name, classes by name, shares of all and of test images."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.process.errors import DataError
from pipeline.results import suspected_labels
from pipeline.results.labelled_features import Stored

CLASSES = ["rose", "tulip", "aster"]
IMAGES = 60
WRONG = 4  # place of the image whose label is


def stored(apart: float) -> Stored:
    """Sixty images of three classes that lie so far `apart`, every tenth of them for testing, one label wrong."""
    right = np.arange(IMAGES) % 3
    labels = right.copy()
    labels[WRONG] = (right[WRONG] + 1) % 3
    return Stored(
        names=[f"{n}.png" for n in range(IMAGES)],
        splits=["train" if n % 10 else "test" for n in range(IMAGES)],
        groups=[str(n) for n in range(IMAGES)],
        labels=labels,
        features=np.random.default_rng(0).normal(size=(IMAGES, 6)) + apart * np.eye(6)[right],
        places=[("train", n) for n in range(IMAGES)],
    )


def test_a_wrong_label_is_a_row_to_be_filled_in():
    asked = suspected_labels.ask(stored(8.0), CLASSES, 5)
    ((name, split, label, suggested, probability, correction),) = suspected_labels.rows(asked)
    assert (name, split, label, suggested, correction) == ("4.png", "train", "aster", "tulip", "")
    assert 0 <= float(probability) < 0.5
    said = suspected_labels.told(asked)
    assert said[0] == "1 of 60 labels are suspected; a held-out head agrees with 98.3 %"
    assert "of test images 0.0 %" in said[1]
    assert "could score 100.0 %" in said[2]


def test_features_that_tell_nothing_are_said_to():
    said = suspected_labels.told(suspected_labels.ask(stored(0.0), CLASSES, 5))
    assert said[0].startswith("the features hardly tell the classes apart")
    assert len(said) == 2  # and no estimates of what nothing is known of


def test_more_folds_than_groups_are_refused():
    with pytest.raises(DataError, match="--folds: found 61, and there are 60 groups of images; allowed: less"):
        suspected_labels.ask(stored(8.0), CLASSES, 61)


def test_more_folds_than_images_of_any_class_are_refused():
    most = int(np.bincount(stored(8.0).labels).max())
    with pytest.raises(
        DataError, match=f"--folds: found {most + 1}, and no class has more than {most} images; allowed: 2"
    ):
        suspected_labels.ask(stored(8.0), CLASSES, most + 1)


def test_of_a_class_that_is_one_group_nothing_is_said():
    """A head that has never seen a class calls all its images something else; that is no sign of a wrong label."""
    given = stored(8.0)
    groups = ["bush" if label == 0 else str(n) for n, label in enumerate(given.labels)]
    asked = suspected_labels.ask(replace(given, groups=groups), CLASSES, 5)
    assert asked.unjudged == ["rose"]
    assert [row[0] for row in suspected_labels.rows(asked)] == [f"{WRONG}.png"]
    said = suspected_labels.told(asked)
    assert said[0] == "nothing can be said of rose: all images of a class are one group there"
    assert said[1].startswith("1 of 40 labels are suspected")
    with pytest.raises(DataError, match=r"data\.splitting\.group: all images of each class are one group"):
        suspected_labels.ask(replace(given, groups=[str(label) for label in given.labels]), CLASSES, 3)
