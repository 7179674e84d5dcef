"""predictions.csv gives back exactly what was written, and refuses what was changed since."""

import numpy as np
import pytest

from pipeline.process.errors import DataError
from pipeline.results import predictions
from pipeline.results.predictions import Predictions

CLASSES = ["label", 'a "quoted", name', "größe\nand more", "p_"]


def some(images: int = 30) -> Predictions:
    random = np.random.default_rng(0)
    probabilities = random.dirichlet(np.ones(len(CLASSES)), images).astype(np.float32).astype(np.float64)
    names = [f"image {i}.png" for i in range(images)]
    return Predictions(CLASSES, names, random.integers(0, len(CLASSES), images), probabilities)


def test_reading_gives_what_was_written_to_the_last_bit(tmp_path):
    written = some()
    predictions.write(tmp_path / "predictions.csv", written)
    read = predictions.read(tmp_path / "predictions.csv")
    assert (read.classes, read.names) == (written.classes, written.names)
    np.testing.assert_array_equal(read.labels, written.labels)
    np.testing.assert_array_equal(read.probabilities, written.probabilities)
    assert (read.labels.dtype, read.probabilities.dtype) == (np.int64, np.float64)


def test_correct_is_where_the_most_probable_class_is_the_label():
    one = Predictions(["a", "b"], ["x", "y"], np.array([1, 1]), np.array([[0.2, 0.8], [0.7, 0.3]]))
    assert one.predicted.tolist() == [1, 0]
    assert one.correct.tolist() == [True, False]


@pytest.mark.parametrize(("classes", "names"), [(CLASSES[:3], ["x"]), (CLASSES, ["x", "y"])])
def test_sizes_must_agree(classes, names):
    with pytest.raises(DataError, match=r"found shape \(1, 4\).*dvc repro"):
        Predictions(classes, names, np.array([0]), np.full((1, 4), 0.25))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace(",rose,rose,", ",rose,tulip,"), "predicted is 'tulip', the most probable.*'rose'"),
        (lambda text: text.replace(",rose,rose,", ",lily,rose,"), "label 'lily' has no column p_lily"),
        (lambda text: text.replace("0.75", "0.85"), "row 0.*sum 1"),
        (lambda text: text.replace("0.75", "many"), "could not convert"),
        (lambda text: text.replace(",0.25", "", 1), "predictions.csv"),
        (lambda text: text.splitlines()[0], "no rows"),
        (lambda text: "step,loss\n1,2\n", "no rows with name, label and predicted"),
    ],
)
def test_a_changed_file_is_refused(tmp_path, change, message):
    path = tmp_path / "predictions.csv"
    predictions.write(path, Predictions(["rose", "tulip"], ["x"], np.array([0]), np.array([[0.75, 0.25]])))
    path.write_text(change(path.read_text()))
    with pytest.raises(DataError, match=message):
        predictions.read(path)
