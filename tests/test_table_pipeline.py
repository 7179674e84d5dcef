"""A table with all it may say, and what a person has corrected, through every stage and what follows them.

Each part has tests of its own; that they go together shows only where all of them are there, in processes of their own.
"""

import csv
import json
from pathlib import Path

import pytest

from pipeline.files import paths
from pipeline.params import editing

from .data.test_near_duplicates import made_up
from .test_pipeline import call, clone

pytestmark = pytest.mark.slow

CLASSES = ("daisy", "rose", "8")
SETTINGS = {
    "data.source": "table",
    "data.name": "photographs",
    "data.path": "photographs",
    "data.table": "labels.csv",
    "data.corrections": "corrections.csv",
    "data.on_bad_image": "skip",
    "data.near_duplicates": "together",
    "data.splitting.method": "stratified",
    "data.splitting.group": "column",
    "images.height": 16,
    "images.width": 16,
    "backbone.weights": "none",
    "backbone.layers": [4, "pool"],
    "backbone.max_unfrozen_layers": 1,
    "train.class_weights": {"rose": 2.0, "8": 0.5},
    "sweep.folds": 2,
    "sweep.trials": 2,
    "sweep.objective": "worst_recall",
    "sweep.space": {"train.class_weights": {"choices": ["balanced", {"8": 3.0}]}},
}


def write(path: Path, *rows: tuple[str, ...]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ninety photographs, two of each plant and one of them a copy, one that is none, one of each correction."""
    folder = clone(tmp_path_factory.mktemp("project"))
    photographs = folder / "photographs"
    photographs.mkdir()
    rows = [("bad.png", "rose", "", "")]
    for n in range(90):
        made_up(n // 2 if n % 10 == 1 else n).resize((60 - n % 10,) * 2).save(photographs / f"{n}.png")
        rows.append((f"{n}.png", CLASSES[n // 2 % 3], f"plant {n // 2}", "2.5" if n % 5 == 0 else ""))
    (photographs / "bad.png").write_text("none")
    write(photographs / "labels.csv", ("file", "label", "group", "weight"), *rows)
    write(photographs / "corrections.csv", ("name", "correction"), ("4.png", "rose"), ("7.png", "drop"))
    params = folder / paths.PARAMS
    params.write_text(editing.with_values(params.read_text(encoding="utf-8"), SETTINGS, "params.yaml"))
    call(folder, "dvc", "repro")
    return folder


def test_all_of_it_is_on_the_page(project: Path) -> None:
    page = (project / paths.REPORT).read_text(encoding="utf-8")
    assert "1 label; left out: 1" in page
    assert "Training images whose weight is not 1" in page
    assert "Unreadable files left out: 1" in page
    report = json.loads((project / paths.DATASET).read_text(encoding="utf-8"))
    assert report["near_duplicates"]["leaking"] == 0
    assert sum(split["images"] for split in report["splits"].values()) == 89


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("check",), "params.yaml is in order"),
        (("labels",), "labels are suspected"),
        (("data",), "images of 3 classes"),
        (("replicate", "--folds", "2"), "corrected for folds that share training images"),
        (("sweep",), "worst class's recall over 2 folds"),
        (("promote", "best"), "now: dvc repro"),
    ],
)
def test_what_follows_the_stages_takes_it_too(project: Path, command: tuple[str, ...], says: str) -> None:
    assert says in call(project, "herbarium", *command)
