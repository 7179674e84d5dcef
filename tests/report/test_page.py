"""The page: whole, alone, safe and the same bytes whenever the files are."""

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.files import paths, records
from pipeline.identity import stock
from pipeline.params.keys import flat
from pipeline.params.schema import Params
from pipeline.report import page
from pipeline.results import history, predictions
from pipeline.results.history import Epoch
from pipeline.results.predictions import Predictions
from pipeline.stages.evaluate import measure

from ..finished import write_preparation
from ..undrawn import empty_picture

CLASSES = ["oak", "<script>alert(1)</script>", "a & b"]
VOID = {"meta", "img", "br"}


class Structure(HTMLParser):
    """Reads a page as a browser does; notes what is open, linked and fetched."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.addresses: list[str] = []
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.open += [] if tag in VOID else [tag]
        for name, value in attributes:
            if name in ("src", "href"):
                self.addresses.append(str(value))
            if name == "id":
                self.ids.add(str(value))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def finished(project: Path) -> Path:
    """Twelve test images of three classes, of which two are mistaken, and one whose class was never tested."""
    labels = np.arange(12) % 2
    probabilities = np.full((12, 3), 0.1)
    probabilities[np.arange(12), np.where(np.arange(12) < 2, 1 - labels, labels)] = 0.8
    test = Predictions(CLASSES, [f"<b>{i}</b>.png" for i in range(12)], labels, probabilities)
    write_preparation(CLASSES, {"test": 12})
    predictions.write(paths.PREDICTIONS, test)
    records.write_json(paths.METRICS, measure(test, test))
    history.write(paths.HISTORY, [Epoch(0, 1.1, 0.3, 1.1, 0.3, 0.0), Epoch(1, 0.9, 0.5, 1.0, 0.4, 1e-3)])
    for picture in paths.EVALUATION_PICTURES:
        empty_picture(picture)
    return project


@pytest.fixture
def shown(finished: Path) -> Params:
    """The parameters the stage is handed."""
    return stock.take("evaluate").params


def rendered(shown: Params, listed: Mapping[str, Any] | None = None) -> str:
    return page.render(shown, predictions.read(paths.PREDICTIONS), listed)


def test_the_page_is_whole_and_needs_nothing_beside_it(shown: Params) -> None:
    structure = Structure(rendered(shown))
    assert structure.open == []
    assert structure.seen.count("img") == len(paths.PICTURES)
    assert "script" not in structure.seen
    inside = {f"#{name}" for name in structure.ids}
    assert all(a.startswith("data:image/png;base64,") or a in inside for a in structure.addresses)


def test_it_says_what_came_out(shown: Params) -> None:
    text = re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", rendered(shown)))
    for expected in (
        "83.3 %",
        "10 of 12 images right",
        "seed 1",
        "f" * 64,
        "train[:80%]",
        "none in more than one split",
    ):
        assert expected in text
    assert "dvc repro" in text


@pytest.mark.parametrize(
    ("weights", "trainable", "said"),
    [
        ("none", 1234, "trained from scratch"),
        ("none", 567, "from random weights"),
        ("file", 567, "with transfer learning"),
        ("file", 1234, "with transfer learning"),
    ],
)
def test_transfer_learning_is_said_of_networks_with_weights(
    shown: Params, weights: str, trainable: int, said: str
) -> None:
    backbone = shown.backbone.model_copy(update={"weights": weights})
    trained = {**records.read_json(paths.TRAINING), "parameters": {"total": 1234, "trainable": trainable}}
    records.write_json(paths.TRAINING, trained)
    html = rendered(shown.model_copy(update={"backbone": backbone}))
    sayings = ("trained from scratch", "from random weights", "with transfer learning")
    assert [words for words in sayings if words in html] == [said]


def test_names_are_escaped(shown: Params) -> None:
    html = rendered(shown)
    assert "<script" not in html
    assert "<b>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "a &amp; b" in html


def test_faults_of_the_data_are_not_hidden(shown: Params) -> None:
    found = {"groups": [], "count": 3, "contradicting": 2, "leaking": 1, "dropped_images": 4}
    write_preparation(CLASSES, {"test": 12}, duplicates=found, skipped=[{"name": "a.png", "reason": "empty"}])
    html = rendered(shown)
    assert '<span class="wrong">1 in more than one split</span>' in html
    assert '<span class="wrong">2 with contradicting labels</span>' in html
    assert "left out: 1" in html


def test_near_duplicates_are_told_where_they_were_looked_for(shown: Params) -> None:
    assert "Near-duplicates" not in rendered(shown)
    write_preparation(
        CLASSES, {"test": 12}, near_duplicates={"count": 2, "leaking": 1, "contradicting": 0, "pairs": []}
    )
    html = rendered(shown)
    assert "Near-duplicates: 2 pairs" in html
    assert '<span class="wrong">1 in two splits</span>' in html


def test_what_a_person_corrected_and_weighed_is_told(shown: Params) -> None:
    weights, corrected = {"images": 5, "smallest": 0.5, "largest": 2.0}, {"labelled": 1, "dropped": 3}
    write_preparation(CLASSES, {"test": 12}, weights=weights, corrections=corrected)
    html = rendered(shown)
    assert "Corrected by a person, by <code>data.corrections</code>: 1 label; left out: 3." in html
    assert "Training images whose weight is not 1: 5; all count 0.5 to 2.0 times." in html


def test_every_parameter_the_page_may_name_is_one_the_stage_is_handed(shown: Params) -> None:
    """A rare condition would meet one that is not when everything is trained."""
    asked = set(re.findall(r"params\[.([\w.]+).\]", page._TEMPLATE.read_text(encoding="utf-8")))
    assert len(asked) > 5
    assert asked <= flat(shown.model_dump()).keys()


def test_equal_files_are_an_equal_page(shown: Params) -> None:
    assert rendered(shown) == rendered(shown)


def test_the_parameters_are_those_the_stage_declares(shown: Params) -> None:
    settings = flat(shown.model_dump())
    assert settings["train.seed"] == 1
    assert "data.path" not in settings
    assert not any(key.startswith(("tracking.", "sweep.")) for key in settings)


def test_a_key_that_nobody_uses_changes_no_page(shown: Params) -> None:
    assert "<code>train.seed</code>" in rendered(shown)
    assert "<code>train.seed</code>" not in rendered(shown, {"train": {"epochs": 3}})


def test_mistakes_and_confusions_are_the_worst_first() -> None:
    labels = np.array([0, 0, 0, 1, 2])
    probabilities = np.array([[0.3, 0.7, 0], [0.1, 0.9, 0], [0, 0.2, 0.8], [0.4, 0.6, 0], [0, 0.1, 0.9]])
    test = Predictions(CLASSES, list("abcde"), labels, probabilities)
    assert [m["name"] for m in page.mistakes(test)] == ["b", "c", "a"]
    assert page.mistakes(test)[0]["of_label"] == pytest.approx(0.1)
    assert page.confusions(test) == [(CLASSES[0], CLASSES[1], 2), (CLASSES[0], CLASSES[2], 1)]


def test_an_undefined_score_is_a_dash() -> None:
    assert page.percent(None) == "–"
    assert page.percent(0.8745) == "87.5\N{NO-BREAK SPACE}%"
