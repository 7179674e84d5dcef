"""Runs side by side, of what DVC says about them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.files import paths
from pipeline.results import history
from pipeline.review import side_by_side
from pipeline.review.side_by_side import Run, RunsError
from tests.tracking.example import EPOCHS

HASH = "0123456789abcdef0123456789abcdef"


def data(rate: float, accuracy: float | None, name: str = "digits") -> dict:
    params = {"data": {"name": name}, "train": {"learning_rate": rate, "seed": 1}, "sweep": {"trials": 3}, "version": 2}
    metrics = {"error": {"msg": "absent"}} if accuracy is None else {"data": {"test_accuracy": accuracy}}
    outs = {"reports/history.csv": {"hash": HASH}}
    return {"params": {"params.yaml": {"data": params}}, "metrics": {"reports/metrics.json": metrics}, "outs": outs}


def commit(rev: str, content: dict | None, experiments: list | None = None, name: str | None = None) -> dict:
    return {"rev": rev, "name": name, "data": content, "experiments": experiments}


SHOWN = [
    commit("workspace", data(0.003, 0.9)),
    commit(
        "a" * 40,
        data(0.001, 0.85),
        [
            {"revs": [{"rev": "b" * 40, "name": "sunny-moth", "data": data(0.01, 0.7)}]},
            {"revs": [{"rev": "c" * 40, "name": "failed-owl", "data": None}]},
            {"revs": None},
        ],
        "main",
    ),
    commit("d" * 40, data(0.001, 0.85)),  # the same results: another file was changed
    commit("e" * 40, data(0.001, None)),
    commit("f" * 40, data(0.001, 0.5, "flowers")),
]


def test_a_line_a_run_says_what_was_changed_and_what_came_of_it() -> None:
    found = side_by_side.distinct(side_by_side.read(SHOWN))
    assert [run.name for run in found] == ["here", "aaaaaaa main", "sunny-moth", "fffffff"]
    lines = side_by_side.table(found).splitlines()
    assert lines[0].split() == ["run", "test", "validation", "otherwise", "than", "here"]
    assert lines[1].split() == ["here", "90.00", "%", "–", "–"]
    assert lines[2].endswith("85.00 %           –  train.learning_rate 0.001")
    assert max(map(len, lines)) < 120
    assert side_by_side.changes(found[3], found[0]) == {"data.name": "flowers", "train.learning_rate": 0.001}


def test_like_is_compared_with_like() -> None:
    found = side_by_side.distinct(side_by_side.read(SHOWN))
    assert [side_by_side.like(run, found[0]) for run in found] == [True, True, True, False]


IMAGES = {"data.source": "image_folder", "data.path": "flowers", "data.limit": None, "data.splits.test": "test"}
OTHER_IMAGES = (
    {"data.limit": 500},
    {"data.splitting.seed": 7},
    {"data.corrections": "a.csv"},
    {"data.deduplicate": True},
)
SAME_IMAGES = ({"data.splits.train": "train[:10%]"}, {"data.splitting.seed": 1, "data.corrections": None})


@pytest.mark.parametrize("content", [*OTHER_IMAGES, *SAME_IMAGES], ids=str)
def test_whatever_decides_the_test_images_makes_them_others(content: dict) -> None:
    """A run from before a key came has what its absence meant."""
    first, second = (Run(str(n), IMAGES | more, {"test_accuracy": 1.0}, None) for n, more in enumerate(({}, content)))
    assert side_by_side.like(second, first) == (content in SAME_IMAGES)
    assert ("data.corrections" in side_by_side.changes(second, first)) == (content.get("data.corrections") == "a.csv")


@pytest.mark.parametrize(
    ("method", "content", "alike"),
    [
        ("slices", {"images.channels": 1}, True),
        ("stable", {"images.channels": 1}, False),
        ("stratified", {"images.channels": 1}, False),
        ("stable", {"data.splits.train": "train[:10%]"}, True),
        ("stratified", {"data.splits.train": "train[:10%]"}, False),
        ("random", {"data.splits.validation": "train[10%:20%]"}, False),
        ("random", {"images.height": 64}, True),
    ],
)
def test_where_splits_are_drawn_what_decides_the_draw_decides_the_test_images(method, content, alike) -> None:
    own = {**IMAGES, "data.splitting.method": method, "images.channels": 3}
    assert side_by_side.like(Run("b", own | content, {}, None), Run("a", own, {}, None)) is alike


def test_originals_of_the_catalogue_may_lie_elsewhere() -> None:
    here, there = ({**IMAGES, "data.path": path} for path in ("here", "there"))
    for source, alike in (("tfds", True), ("image_folder", False)):
        runs = [Run(name, params | {"data.source": source}, {}, None) for name, params in (("a", here), ("b", there))]
        assert side_by_side.like(*runs) == alike


def test_many_changes_are_counted() -> None:
    first, second = (Run(str(n), {f"train.k{i}": n for i in range(9)}, {"test_accuracy": 1.0}, None) for n in (1, 2))
    assert side_by_side.table([first, second]).endswith("train.k0 2, train.k1 2, train.k2 2, train.k3 2 and 5 more")


def test_the_page_has_the_curves_and_needs_no_network(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history.write(paths.HISTORY, EPOCHS)
    monkeypatch.setattr(side_by_side.cached, "folder", lambda: project / "cache")
    history.write(side_by_side.cache.place(project / "cache", HASH), EPOCHS[:2])
    found = side_by_side.distinct(side_by_side.read(SHOWN))[:2]
    assert side_by_side.page(found, project / "runs.html") == 2
    text = (project / "runs.html").read_text()
    assert "here, validation" in text
    assert "aaaaaaa main, train" in text
    assert "<script src=" not in text


def test_what_dvc_cannot_say_is_said(project: Path) -> None:
    with pytest.raises(RunsError, match="`dvc exp show` failed"):
        side_by_side.known(1)


def test_it_reads_what_dvc_prints(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    printed = json.dumps(SHOWN)
    script = [sys.executable, "-c", f"print({printed!r})"]
    monkeypatch.setattr(side_by_side.dvc, "command", lambda *_: script)
    assert len(side_by_side.known(3)) == 4
    assert subprocess.check_output(script, text=True).strip() == printed
