"""Two results side by side."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.files import paths
from pipeline.filing import reading, writing
from pipeline.filing.record import Record
from pipeline.process.errors import DataError
from pipeline.results.predictions import Predictions
from pipeline.review import compare, disagreements
from tests.filing.conftest import write_lock, write_measured

CLASSES = ["a", "b"]


def of(right: np.ndarray, names: list[str], params) -> Record:
    labels = np.arange(len(right)) % 2
    predicted = np.where(right, labels, 1 - labels)
    probabilities = np.where(np.eye(2)[predicted] == 1, 0.9, 0.1)
    metrics = {"test_accuracy": float(right.mean()), "test_images": len(right)}
    return Record(params, metrics, None, Predictions(CLASSES, names, labels, probabilities), {}, test_images="digest")


def test_the_same_images_are_compared_one_by_one(params):
    names = [f"i{i}" for i in range(100)]
    first, second = np.arange(100) != 3, np.arange(100) >= 20
    found = compare.compare(of(first, names, params), of(second, names, params))
    assert found.only_second == ()
    assert len(found.only_first) == 19
    assert found.difference == pytest.approx(0.19)
    assert found.p_value < 0.001
    assert found.detectable


def test_other_images_are_not_ranked_whatever_their_names(params):
    """One network on easy images, one on hard ones: a difference of ninety points says nothing about the networks."""
    names = [f"i{i}" for i in range(100)]
    good, bad = np.arange(100) != 3, np.arange(100) < 10
    first = of(good, names, params)
    for second, reason in (
        (of(bad, [f"j{i}" for i in range(100)], params), "other test images"),
        (replace(of(bad, names, params), test_images="another digest"), "though some may have the same names"),
        (replace(of(bad, names, params), test_images=None), "is not on record"),
        (replace(of(bad, names, params), test_images="another digest", predictions=None), "other test images"),
    ):
        found = compare.compare(first, second)
        assert found.p_value is None
        assert found.interval is not None
        assert not found.detectable
        assert reason in compare._conclusion(found, "one", "two")
        assert "more accurate" not in compare._conclusion(found, "one", "two")


def test_other_classes_are_not_compared(params):
    first = of(np.arange(100) != 3, [f"i{i}" for i in range(100)], params)
    other = replace(first.predictions, classes=["cat", "dog"])
    found = compare.compare(first, replace(first, predictions=other))
    assert found.interval is None
    assert compare._conclusion(found, "one", "two") == "not comparable: other classes: 2 (a, b) against 2 (cat, dog)"
    assert compare._statistics(found) == []
    without = replace(first, predictions=None, classes=["cat", "dog"])
    assert "other classes" in compare.compare(first, without).reason


def test_the_same_images_without_predictions_are_compared_unpaired(params):
    first = of(np.arange(100) != 3, [f"i{i}" for i in range(100)], params)
    found = compare.compare(first, replace(first, predictions=None))
    assert (found.p_value, found.reason) == (None, None)
    assert not found.detectable


def test_the_hash_of_the_stored_images_makes_them_the_same(params):
    names = [f"i{i}" for i in range(100)]
    lock = {"stages": {"preprocess": {"outs": [{"path": "data/images/test", "md5": "0" * 32}]}}}
    first, second = (
        replace(of(right, names, params), lock=lock, test_images=None)
        for right in (np.arange(100) != 3, np.arange(100) >= 20)
    )
    assert compare.compare(first, second).detectable


def test_the_report_says_what_differs(finished):
    writing.file_results("digits")
    text = paths.PARAMS.read_text(encoding="utf-8")
    paths.PARAMS.write_text(text.replace("epochs: 20 ", "epochs: 30 "), encoding="utf-8")
    with pytest.raises(DataError, match=r"train\.epochs is 30, 20 in dvc\.lock; run `dvc repro`"):
        compare.report("digits", ".")
    write_lock()
    lines = compare.report("digits", ".").splitlines()
    assert any(line.split() == ["train.epochs", "20", "30"] for line in lines)
    assert lines[-1] == "no detectable difference in test accuracy of these two networks; other seeds were not compared"


def test_weights_of_classes_are_compared_whatever_their_names(params):
    """Their names are keys that the other may not have."""
    weighed = params.model_copy(update={"train": params.train.model_copy(update={"class_weights": {"oak": 2.0}})})
    plain, other = (of(np.ones(4, bool), list("abcd"), one) for one in (params, weighed))
    for pair in ((plain, other), (other, plain)):
        rows = [line.split() for line in compare._params(*pair, "first", "second")[1:]]
        assert sorted(row[0] for row in rows) == ["train.class_weights", "train.class_weights.oak"]
        assert {"none", "2.0", "–"} == {value for row in rows for value in row[1:]}


def test_images_only_one_gets_right_are_drawn(finished):
    table = reading.read(writing.file_results("digits")).predictions
    write_measured(Predictions(table.classes, table.names, table.labels, np.array([[0.1, 0.8, 0.1]] * 6)))
    write_lock()
    assert f"picture: {compare.PICTURE}" in compare.report("digits", ".")
    assert compare.PICTURE.read_bytes().startswith(b"\x89PNG")


def test_the_picture_shows_a_sample_of_each_kind(params):
    names = [f"i{i}" for i in range(60)]
    first, second = (of(right, names, params).predictions for right in (np.arange(60) < 40, np.arange(60) >= 20))
    images = np.zeros((60, 8, 8, 1), dtype=np.uint8)
    figure = disagreements.draw(images, first, second, ("one", "two"))
    titles = [axes.get_title(loc="left") for axes in figure.axes if axes.get_title(loc="left")]
    assert len(titles) == 2 * disagreements.MOST_EACH
    assert "(blue, 20)" in figure.get_suptitle()
