"""The stage evaluate on a small stored split, with given probabilities instead of a network's."""

import json
import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, log_loss

from pipeline.files import paths, records
from pipeline.params.schema import Params
from pipeline.plots.predictions import choose
from pipeline.plots.why import MOST_SHOWN, MOST_WRONG
from pipeline.process.errors import DataError
from pipeline.results import history, predictions
from pipeline.results.history import Epoch
from pipeline.stages import evaluate

from ..finished import write_preparation
from ..undrawn import undrawn

CLASSES = ["cat", "dog", "newt"]
COUNTS = {"validation": 12, "test": 31}


@pytest.fixture
def stored(project: Path) -> dict[str, np.ndarray]:
    """What the stages before have written; returns each split's probabilities (N, 3). Nothing is predicted a newt."""
    write_preparation(CLASSES, COUNTS)
    probabilities = {}
    for split, images in COUNTS.items():
        random = np.random.default_rng(images)
        labels = np.arange(images) % 3
        records.write_npy(paths.images(split), random.integers(0, 256, (images, 6, 6, 1), dtype=np.uint8))
        records.write_npy(paths.labels(split), labels)
        records.write_csv(
            paths.ids(split), ["name", "sha256"], [(f"{split}-{i}.png", f"{i:064}") for i in range(images)]
        )
        p = random.dirichlet([1, 1, 1], images)
        p[:, 2] = 0.1 * p[:, :2].min(axis=1)
        probabilities[split] = p / p.sum(axis=1, keepdims=True)
    history.write(paths.HISTORY, [Epoch(0, 1.1, 0.3, 1.1, 0.3, 0.0), Epoch(1, 0.9, 0.5, 1.0, 0.4, 1e-3)])
    return probabilities


@pytest.fixture
def run(params: Params, stored: dict[str, np.ndarray]) -> Callable[..., None]:
    """The stage, told the probabilities, and as features (N, 4) these and a constant; of the pictures it draws some."""

    def evaluated(
        probabilities: Callable[[str], np.ndarray] = stored.__getitem__, drawn: Collection[Path] = (), **beside: Any
    ) -> None:
        features = {split: np.hstack([p, np.ones((len(p), 1))]) for split, p in stored.items()}
        with undrawn(but=drawn):
            evaluate.evaluate(params, probabilities, features.__getitem__, **beside)

    return evaluated


def outputs() -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in paths.REPORTS.iterdir()}


def test_everything_is_written_and_nothing_else(run, stored):
    run()
    tables = {paths.METRICS, paths.PREDICTIONS, paths.CONFUSION, paths.CALIBRATION, paths.SCORES, paths.FEATURE_MAP}
    tables |= {paths.VALIDATION_PREDICTIONS, paths.TYPED_PREDICTIONS, paths.TYPED_VALIDATION_PREDICTIONS}
    before = {paths.HISTORY, paths.DATASET, paths.SAMPLES_PICTURE}
    assert outputs().keys() == tables | set(paths.PICTURES) | {paths.REPORT} | before


def test_metrics_equal_scikit_learn(run, stored):
    run()
    measured = records.read_json(paths.METRICS)
    for split, images in COUNTS.items():
        labels, p = np.arange(images) % 3, stored[split]
        assert measured[f"{split}_accuracy"] == accuracy_score(labels, p.argmax(axis=1))
        assert measured[f"{split}_loss"] == pytest.approx(log_loss(labels, p))
        assert measured[f"{split}_images"] == images
    assert measured["test_accuracy_low"] < measured["test_accuracy"] < measured["test_accuracy_high"]
    assert records.read_csv(paths.SCORES)[2] == {
        "class": "newt",
        "precision": "",
        "recall": "0.0",
        "f1": "0.0",
        "images": "10",
    }


def test_figures_of_classes_are_measured_and_shown(run, stored, capsys):
    run()
    measured, page = records.read_json(paths.METRICS), paths.REPORT.read_text()
    for split, images in COUNTS.items():
        labels, predicted = np.arange(images) % 3, stored[split].argmax(axis=1)
        assert measured[f"{split}_balanced_accuracy"] == pytest.approx(balanced_accuracy_score(labels, predicted))
        assert measured[f"{split}_macro_f1"] == pytest.approx(f1_score(labels, predicted, average="macro"))
        assert measured[f"{split}_worst_recall"] == 0  # of the newt
        for name in ("balanced_accuracy", "macro_f1", "worst_recall"):
            value, low, high = (measured[f"{split}_{name}{end}"] for end in ("", "_low", "_high"))
            assert low <= value <= high > low
    assert measured["test_commonest_share"] == 11 / 31
    assert "balanced accuracy: mean recall" in page
    assert "Clopper and Pearson" in page
    told = capsys.readouterr()
    assert f"balanced accuracy {100 * measured['test_balanced_accuracy']:.1f} %" in told.out
    assert ("the 35.5 % of always answering 'cat'" in told.err) == ("of always answering" in page)


def test_an_accuracy_that_says_nothing_is_warned_of(run, stored, capsys):
    """A network that always answers the commonest class; and then one that never errs."""
    always = {split: np.tile([0.8, 0.1, 0.1], (images, 1)) for split, images in COUNTS.items()}
    run(always.__getitem__)
    warning = "accuracy 35.5 % is no more than the 35.5 % of always answering &#39;cat&#39;, the commonest class"
    assert warning in paths.REPORT.read_text()
    assert warning.replace("&#39;", "'") in capsys.readouterr().err
    right = {split: 0.8 * np.eye(3)[np.arange(images) % 3] + 0.2 / 3 for split, images in COUNTS.items()}
    run(right.__getitem__)
    assert "of always answering" not in paths.REPORT.read_text() + capsys.readouterr().err


def test_the_floor_is_measured_shown_and_warned_of(run, stored, capsys):
    run(floor={"linear_probe_validation_accuracy": 0.987, "linear_probe_images": 1234, "linear_probe_features": 64})
    assert records.read_json(paths.METRICS)["linear_probe_validation_accuracy"] == 0.987
    page = paths.REPORT.read_text()
    assert "98.7\N{NO-BREAK SPACE}%" in page
    assert "of each of 1,234 training images" in page
    assert "is below the 98.7 % of a linear classifier" in page
    assert "is below the 98.7 % of a linear classifier" in capsys.readouterr().err


def test_what_the_network_looked_at_is_drawn_for_mistakes_and_hits(run, stored):
    asked = []

    def look(images: np.ndarray) -> np.ndarray:
        asked.append(images)
        return np.ones((len(images), 3, 3))

    run(look=look, drawn=[paths.WHY_PICTURE])
    (images,) = asked
    wrong, right = choose(np.arange(31) % 3, stored["test"], MOST_WRONG, MOST_SHOWN)
    np.testing.assert_array_equal(images, records.read_npy(paths.images("test"))[[*wrong, *right]])
    assert (len(wrong), len(right)) == (MOST_WRONG, MOST_SHOWN - MOST_WRONG)
    tinted = paths.WHY_PICTURE.read_bytes()
    run(drawn=[paths.WHY_PICTURE])
    assert paths.WHY_PICTURE.read_bytes() != tinted


def test_repeating_gives_the_same_bytes(run, stored):
    run(drawn=paths.EVALUATION_PICTURES)
    first = outputs()
    run(drawn=paths.EVALUATION_PICTURES)
    assert outputs() == first


def test_tables_are_read_back_as_meant(run, stored):
    run()
    read = predictions.read(paths.PREDICTIONS)
    assert read.names[:2] == ["test-0.png", "test-1.png"]
    np.testing.assert_array_equal(read.probabilities, stored["test"])
    np.testing.assert_array_equal(predictions.read(paths.VALIDATION_PREDICTIONS).probabilities, stored["validation"])
    rows = records.read_csv(paths.CONFUSION)
    assert [row["label"] for row in rows] == CLASSES
    assert sum(int(row["predicted_newt"]) for row in rows) == 0
    assert sum(int(row[f"predicted_{name}"]) for row in rows for name in CLASSES) == COUNTS["test"]
    assert sum(int(row["images"]) for row in records.read_csv(paths.CALIBRATION)) == COUNTS["test"]
    newt = records.read_csv(paths.SCORES)[2]
    assert newt == {"class": "newt", "precision": "", "recall": "0.0", "f1": "0.0", "images": "10"}
    dots = records.read_csv(paths.FEATURE_MAP)
    assert [dot["name"] for dot in dots] == read.names
    assert {dot["predicted"] for dot in dots} == {"cat", "dog"}


def test_summary_is_short_and_in_percent(run, stored, capsys):
    run()
    printed = capsys.readouterr().out
    measured = json.loads(paths.METRICS.read_text())
    assert f"test accuracy {100 * measured['test_accuracy']:.1f} %, 95 % interval" in printed
    assert f"of {COUNTS['test']} images" in printed
    assert str(paths.REPORT) in printed
    assert len(printed.splitlines()) <= 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p[:-1], r"test split: labels: found int64 \(31,\); needed: integers \(30,\)"),
        (lambda p: np.hstack([p, 0 * p[:, :1]]), r"test split: .*found shape \(31, 4\); needed: \(31, 3\)"),
        (lambda p: p * np.nan, "test split: .*31 of 31 rows are not distributions"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_written(run, stored, change, message):
    with pytest.raises(DataError, match=message):
        run(lambda split: change(stored[split]) if split == "test" else stored[split])
    assert outputs().keys() == {paths.HISTORY, paths.DATASET, paths.SAMPLES_PICTURE}


def test_a_model_of_other_classes_is_refused_before_anything_is_predicted(run, stored):
    records.write_json(paths.TRAINING, {"classes": CLASSES[::-1]})
    with pytest.raises(DataError, match="images and model do not belong together"):
        run(lambda split: pytest.fail("it was asked"))


def test_a_number_that_does_not_follow_from_the_predictions_is_not_reported(run, stored, monkeypatch):
    def swapped(path: Path, content: predictions.Predictions) -> None:
        labels = np.roll(content.labels, 1)
        write(path, predictions.Predictions(content.classes, content.names, labels, content.probabilities))

    write = predictions.write
    monkeypatch.setattr(predictions, "write", swapped)
    with pytest.raises(DataError, match=r"predictions.csv: gives other values .* for .*test_loss"):
        run()
    assert not paths.METRICS.exists()


@pytest.mark.skipif(
    "HERBARIUM_TEST_IMAGES" not in os.environ, reason="HERBARIUM_TEST_IMAGES names no folder of photographs"
)
def test_photographs_are_drawn(run, stored):
    from PIL import Image

    files = sorted(Path(os.environ["HERBARIUM_TEST_IMAGES"]).rglob("*.jpg"))[: COUNTS["test"]]
    photographs = [Image.open(file).convert("RGB").resize((64, 64)) for file in files]
    images = np.stack([np.asarray(photograph) for photograph in photographs])
    records.write_npy(paths.images("test"), np.resize(images, (COUNTS["test"], 64, 64, 3)))
    run(drawn=[paths.PREDICTIONS_PICTURE])
    colours = Image.open(paths.PREDICTIONS_PICTURE).convert("HSV").split()[1].getextrema()
    assert colours[1] > 50
