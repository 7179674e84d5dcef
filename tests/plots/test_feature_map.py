"""The map of features: dots, rings and names where they belong."""

from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from pipeline.plots import style
from pipeline.plots.feature_map import feature_map
from pipeline.results.projection import principal_plane

pytestmark = pytest.mark.filterwarnings("error")


def drawn(classes: int, images: int, wrong: int) -> Figure:
    random = np.random.default_rng(2)
    labels = np.arange(images) % classes
    predicted = np.where(np.arange(images) < wrong, (labels + 1) % classes, labels)
    features = random.normal(size=(classes, 6))[labels] * 4 + random.normal(size=(images, 6))
    return feature_map(principal_plane(features), labels, predicted, [f"class ${i}" for i in range(classes)])


def texts(figure: Figure) -> set[str]:
    return {text.get_text() for text in figure.findobj(matplotlib.text.Text)}


def test_every_image_is_a_dot_and_every_mistake_a_ring() -> None:
    dots, rings = drawn(classes=3, images=60, wrong=7).axes[0].collections
    assert len(dots.get_offsets()) == 60
    assert len(rings.get_offsets()) == 7
    assert len(np.unique(dots.get_facecolors(), axis=0)) == 3


def test_classes_are_named_and_mistakes_counted() -> None:
    shown = texts(drawn(classes=3, images=60, wrong=7))
    assert {"class $0", "class $1", "class $2"} <= shown
    assert "60 test images by the features before the last layer; 7 mistakes ringed" in shown


def test_of_many_classes_the_mistaken_ones_are_named() -> None:
    assert {text for text in texts(drawn(classes=40, images=400, wrong=3)) if text.startswith("class")} == {
        "class $0",
        "class $1",
        "class $2",
    }


@pytest.mark.parametrize(
    ("wrong", "said"),
    [(3, "; the 3 classes most often mistaken named"), (1, "; the class most often mistaken named"), (0, "ringed")],
)
def test_the_title_names_as_many_as_are_named(wrong: int, said: str) -> None:
    (title,) = (text for text in texts(drawn(classes=40, images=400, wrong=wrong)) if "test images" in text)
    assert title.endswith(said)


def test_names_at_the_edge_are_within_the_picture() -> None:
    features = np.array([[-9.0, 0.0], [-9.0, 0.1], [9.0, 0.0], [9.0, 0.1]])
    labels = np.array([0, 0, 1, 1])
    names = ["the first class of all, with a name", "the second class of all, with a name"]
    figure = feature_map(principal_plane(features), labels, labels, names)
    figure.draw_without_rendering()
    left, right = figure.bbox.x0, figure.bbox.x1
    boxes = [
        text.get_window_extent()
        for text in figure.findobj(matplotlib.text.Annotation)
        if text.get_text().startswith("the ")
    ]
    assert len(boxes) == 2
    assert all(left <= box.x0 and box.x1 <= right for box in boxes)


@pytest.mark.parametrize(("classes", "images"), [(2, 1), (2, 2), (10, 30), (101, 500)])
def test_the_picture_has_the_same_bytes_twice(tmp_path: Path, classes: int, images: int) -> None:
    for name in ("a.png", "b.png"):
        style.save(drawn(classes, images, wrong=1), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
