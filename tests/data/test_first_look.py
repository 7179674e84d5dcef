"""The first look: what is counted, which images are odd, what is suggested, and that it can be drawn."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from pipeline.data import first_look, first_look_figures, first_look_picture, near_duplicates
from pipeline.data.near_candidates import TooManyAlikeError
from pipeline.data.reading import Example
from pipeline.files import paths, records
from pipeline.report import first_look as page
from tests.data.test_near_duplicates import made_up

CLASSES = ["rose", "tulip & co", "empty"]
CONFIGURED = {"name": "flowers", "classes": CLASSES, "stratified": False, "started": 160}


def example(name: str, label: int, pixels: np.ndarray) -> tuple[str, Example]:
    return "train", Example(name, label, pixels)


@pytest.fixture(scope="module")
def seen():
    """Eleven red pictures and a blue one of one class, six of another, two of them mirrored copies."""
    red = [np.full((40 + n, 60, 3), (200, 10 * n, 20), np.uint8) for n in range(11)]
    blue = np.full((80, 120, 3), (0, 0, 250), np.uint8)
    others = [np.asarray(made_up(n)) for n in range(4)]
    copies = [np.asarray(Image.fromarray(other).transpose(Image.Transpose.FLIP_LEFT_RIGHT)) for other in others[:2]]
    named = [example(f"r{n}", 0, pixels) for n, pixels in enumerate([*red, blue])]
    return first_look.see([*named, *(example(f"t{n}", 1, pixels) for n, pixels in enumerate([*others, *copies]))])


def test_the_oddest_and_the_smallest_are_found(seen):
    assert first_look.oddest(seen, 0)[0].item.name == "r11"
    assert first_look.smallest(seen, 0).item.name == "r0"
    assert first_look.counts(seen, CLASSES) == {
        "rose": {"train": 12},
        "tulip & co": {"train": 6},
        "empty": {"train": 0},
    }


def test_labels_are_those_that_corrections_give_them(project, monkeypatch):
    """What was corrected is not shown as wrong again."""
    records.write_json(paths.CORRECTIONS, {"a": "tulip & co", "b": "drop"})
    read = [Example(name, 0, np.zeros((9, 9, 3), np.uint8)) for name in "abc"]
    monkeypatch.setattr(first_look.reading, "examples", lambda *_: iter(read))
    monkeypatch.setattr(first_look.reading, "classes", lambda _: CLASSES)
    told = []
    found = first_look.of_source(SimpleNamespace(info=SimpleNamespace(splits=["train"])), told.append)
    assert [(one.item.name, one.item.label) for one in found] == [("a", 1), ("c", 0)]
    assert sum(told) == 3


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((170, 256, 3), {"height": 160, "width": 240, "channels": 3}),
        ((300, 200, 3), {"height": 288, "width": 192, "channels": 3}),
        ((28, 28), {"height": 32, "width": 32, "channels": 1}),
    ],
)
def test_what_is_suggested_fits_most_images(shape, expected):
    rng = np.random.default_rng(0)
    images = [example(str(n), 0, rng.integers(0, 256, shape, dtype=np.uint8)) for n in range(4)]
    assert first_look.suggested(first_look.see(images)) == expected


def test_a_square_is_suggested_where_images_lie_either_way():
    images = [example(str(n), 0, np.zeros((200, 300, 3) if n % 2 else (300, 200, 3), np.uint8)) for n in range(8)]
    seen = first_look.see(images)
    assert first_look.suggested(seen) == {"height": 192, "width": 192, "channels": 1}
    sizes = first_look_figures.of(seen, CLASSES, [])["sizes"]
    assert (sizes["median"], sizes["side"]) == ([250, 250], 200)


def test_the_figures_are_those_of_the_images(seen):
    pairs = first_look_figures.pairs(seen)
    assert [(pair.first.name, pair.second.name) for pair in pairs] == [("t0", "t4"), ("t1", "t5")]
    found = first_look_figures.of(seen, CLASSES, pairs)
    assert (found["images"], found["splits"], found["few"]) == (18, ["train"], CLASSES)
    assert (found["imbalance"], found["grey"], found["duplicates"], found["contradicting"]) == (12, 0, 0, 0)
    assert found["sizes"]["smallest"] == [40, 60]
    assert found["sizes"]["largest"] == [80, 120]


def test_images_of_one_kind_have_no_pairs_that_mean_anything(monkeypatch, seen):
    def fail(items):
        raise TooManyAlikeError

    monkeypatch.setattr(near_duplicates, "pairs", fail)
    assert first_look_figures.pairs(seen) is None
    assert first_look_figures.of(seen, CLASSES, None)["contradicting"] == 0


def test_the_pictures_can_be_drawn_and_the_page_holds_them(seen, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pairs = first_look_figures.pairs(seen)
    drawn = first_look_picture.write(seen, CLASSES, pairs)
    assert [path for _, path in drawn] == list(paths.DATA_PICTURES)
    html = page.render(drawn, **CONFIGURED, **first_look_figures.of(seen, CLASSES, pairs))
    assert html.count("data:image/png;base64,") == 3
    assert "tulip &amp; co" in html
    assert paths.DATA_PAGE.parent == paths.DATA_PICTURES[0].parent
    assert len(first_look_picture.write(seen, CLASSES, [])) == 2


def test_classes_that_are_not_shown_are_told_of_and_none_hides_another(seen, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(first_look_picture, "CLASSES_SHOWN", 2)
    assert "Of the first 2 of 3 classes the smallest" in first_look_picture.write(seen, CLASSES, [])[1][0]
    monkeypatch.setattr(first_look_picture, "fitted", lambda *_: "shortened alike")
    bars = first_look_picture.overview(seen, CLASSES).axes[0]
    assert len({patch.get_y() for patch in bars.patches}) == 2


def test_one_image_under_two_labels_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    same = np.full((40, 60, 3), (0, 0, 250), np.uint8)
    seen = first_look.see([example("a.png", 0, same), example("b.png", 1, same), example("c.png", 1, same + 1)])
    found = first_look_figures.of(seen, CLASSES[:2], [])
    assert [[item.name for item in group] for group in found["disputed"]] == [["a.png", "b.png"]]
    html = page.render([], **CONFIGURED, **found)
    assert "a.png (rose), b.png (tulip &amp; co)" in html
