"""predictions.csv gives back exactly what was written, and refuses what was changed since."""

import numpy as np
import pandas
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


def many(images: int = 30) -> Predictions:
    random = np.random.default_rng(0)
    classes = ["<b>", *(f"kind {i}" for i in range(predictions.MOST_COLUMNS))]
    probabilities = random.dirichlet(np.ones(len(classes)), images)
    return Predictions(classes, [f"<{i}>.png" for i in range(images)], random.integers(0, 9, images), probabilities)


def test_the_probabilities_of_many_classes_are_in_parquet_to_the_last_bit(tmp_path, monkeypatch):
    written = many()
    monkeypatch.setattr(predictions.typed_tables, "_ROWS_BYTES", 7 * written.probabilities[0].nbytes)  # several parts
    predictions.write(tmp_path / "predictions.csv", written)
    assert (tmp_path / "predictions.csv").read_text().splitlines()[0] == "name,label,predicted"
    read = predictions.read(tmp_path / "predictions.csv")
    assert (read.classes, read.names) == (written.classes, written.names)
    np.testing.assert_array_equal(read.labels, written.labels)
    np.testing.assert_array_equal(read.probabilities, written.probabilities)
    (tmp_path / "predictions.parquet").rename(tmp_path / "elsewhere")
    assert predictions.read(tmp_path / "predictions.csv", tmp_path / "elsewhere").names == written.names


def test_few_classes_are_in_both_files(tmp_path):
    predictions.write(tmp_path / "predictions.csv", some())
    table = pandas.read_parquet(tmp_path / "predictions.parquet")
    assert list(table) == ["name", "label", "predicted", *(f"p_{name}" for name in CLASSES)]
    np.testing.assert_array_equal(table.to_numpy()[:, 3:].astype(float), some().probabilities)


def test_the_same_predictions_are_the_same_bytes(tmp_path):
    for name in ("first", "second"):
        predictions.write(tmp_path / name / "predictions.csv", many())
    first, second = ((tmp_path / name / "predictions.parquet").read_bytes() for name in ("first", "second"))
    assert first == second


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: (folder / "predictions.parquet").unlink(), "predictions.parquet: not found, and the CSV"),
        (lambda folder: (folder / "predictions.parquet").write_bytes(b"PAR1"), "predictions.parquet: damaged"),
        (lambda folder: (folder / "predictions.parquet").write_bytes(bytes(999)), "predictions.parquet: damaged"),
        (lambda folder: _as_pandas(folder, lambda table: table.drop(columns="label")), "found the columns name, pred"),
        (lambda folder: _as_pandas(folder, lambda table: table.assign(p_x="y")), "found the columns name"),
        (lambda folder: _as_pandas(folder, lambda table: table.iloc[::-1]), "says other things than"),
        (lambda folder: _as_pandas(folder, lambda table: table.assign(**{"p_<b>": 0.9})), "row 0.*sum 1"),
        (lambda folder: _as_pandas(folder, lambda table: pandas.concat([table] * 9999)), "over 100 times larger"),
        (lambda folder: _changed(folder, ",kind 1,", ",kind 2,"), "says other things than"),
    ],
)
def test_parquet_that_was_changed_is_refused(tmp_path, change, message):
    predictions.write(tmp_path / "predictions.csv", many())
    change(tmp_path)
    with pytest.raises(DataError, match=message):
        predictions.read(tmp_path / "predictions.csv")


def _as_pandas(folder, change):
    file = folder / "predictions.parquet"
    change(pandas.read_parquet(file)).to_parquet(file, index=False)


def _changed(folder, before, after):
    file = folder / "predictions.csv"
    file.write_text(file.read_text().replace(before, after, 1))
