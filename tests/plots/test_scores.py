"""The picture of scores at every number of classes."""

from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from pipeline.plots import style
from pipeline.plots.scores import scores
from pipeline.results.metrics import ClassScores, per_class

pytestmark = pytest.mark.filterwarnings("error")


def of_classes(confusion: np.ndarray, classes: list[str]) -> dict[str, ClassScores]:
    labels, predicted = (np.repeat(ends, confusion.ravel()) for ends in np.indices(confusion.shape).reshape(2, -1))
    return dict(zip(classes, per_class(labels, predicted, len(classes)), strict=True))


def names(figure: Figure) -> list[str]:
    return [label.get_text() for label in figure.axes[0].get_yticklabels()]


def test_classes_stand_with_the_worst_first_and_their_images() -> None:
    confusion = np.array([[9, 1, 0], [0, 4, 6], [0, 0, 0]])
    assert names(scores(of_classes(confusion, ["cat", "dog", "newt"]))) == ["dog (10)", "cat (10)"]


def test_marks_stand_at_the_values() -> None:
    figure = scores(of_classes(np.array([[3, 1], [0, 4]]), ["cat", "dog"]))
    precision, recall = (marks.get_offsets()[:, 0].tolist() for marks in figure.axes[0].collections)
    assert precision == [1.0, 0.8]
    assert recall == [0.75, 1.0]
    assert [bar.get_width() for bar in figure.axes[0].patches] == pytest.approx([6 / 7, 8 / 9])


def test_a_class_that_was_never_predicted_has_no_precision() -> None:
    figure = scores(of_classes(np.array([[0, 2], [0, 4]]), ["cat", "dog"]))
    precision, recall = (len(marks.get_offsets()) for marks in figure.axes[0].collections)
    assert (precision, recall) == (1, 2)


@pytest.mark.parametrize("classes", [2, 41, 100, 150])
def test_every_number_of_classes_is_drawn_with_the_same_bytes_twice(tmp_path: Path, classes: int) -> None:
    confusion = np.eye(classes, dtype=int) * 4
    confusion[:, 0] += 1
    for name in ("a.png", "b.png"):
        figure = scores(of_classes(confusion, [f"${i}$" for i in range(classes)]))
        style.save(figure, tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert len(names(figure)) == min(classes, 100)
    assert ("(the lowest 100 of 150)" in figure.axes[0].get_title(loc="left")) == (classes == 150)
    with Image.open(tmp_path / "a.png") as picture:
        assert max(picture.size) < 3000
    assert matplotlib.rcParams["text.parse_math"]
