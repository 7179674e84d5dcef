"""`herbarium labels`: what is stored is asked for wrong labels, and the list is one that data.corrections reads."""

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import app
from pipeline.commands import labels as labels_command
from pipeline.data import corrections
from pipeline.files import features_index, paths, records
from pipeline.results import correction_list
from pipeline.sweep import command as sweep_command

CLASSES = ["rose", "tulip", "aster"]
COUNTS = {"train": 90, "validation": 15, "test": 15}
WRONG = ("train/0.png", "test/3.png")


def herbarium(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


@pytest.fixture(autouse=True)
def up_to_date(monkeypatch):
    """How often what is stored was brought up to date: `dvc repro` is not run here."""
    asked = []
    monkeypatch.setattr(labels_command, "require_dvc", lambda: None)
    monkeypatch.setattr(labels_command, "require_inputs", lambda params: None)
    monkeypatch.setattr(sweep_command, "bring_features_up_to_date", lambda *given: asked.append(given))
    return asked


@pytest.fixture
def extracted(project):
    """Features of three classes that lie apart, at 2 × 2 places; two labels are wrong."""
    rng, table, digests = np.random.default_rng(0), [], {}
    for split, count in COUNTS.items():
        right = np.arange(count) % len(CLASSES)
        names = [f"{split}/{n}.png" for n in range(count)]
        labels = np.array([(k + (name in WRONG)) % len(CLASSES) for k, name in zip(right, names, strict=True)])
        features = rng.normal(size=(count, 2, 2, 6)) + 6 * np.eye(6)[right][:, None, None]
        records.write_npy(paths.FEATURES / split / "cut.npy", features.astype(np.float32))
        records.write_npy(paths.images(split), np.full((count, 8, 8, 3), 99, np.uint8))
        records.write_npy(paths.labels(split), labels)
        records.write_csv(paths.ids(split), ["name", "sha256"], [(name, f"digest of {name}") for name in names])
        table += [(name, CLASSES[k], "", split) for name, k in zip(names, labels, strict=True)]
        digests[split] = {"cut.npy": ""}
    records.write_csv(paths.SPLIT_TABLE, ["name", "class", "group", "split"], table)
    records.write_json(paths.CLASSES, CLASSES)
    of_splits = {"images": COUNTS, "sources": dict.fromkeys(COUNTS, ""), "digests": digests}
    cuts = [{"layer": "images", "file": None}, {"layer": "cut", "file": "cut.npy"}]
    features_index.write({"cuts": cuts, **of_splits})
    return project


def test_wrong_labels_are_listed_drawn_and_counted_and_can_be_corrected(extracted, up_to_date):
    done = herbarium("labels")
    assert done.exit_code == 0, done.output
    assert len(up_to_date) == 1  # else they were those of the parameters, and the folders, of some time ago
    assert done.stdout.startswith("2 of 120 labels are suspected; a held-out head agrees with 98.3 %\n")
    assert "of test images 6.7 %" in done.output
    assert "a network that is always right could score 93.3 %" in done.output
    rows = records.read_csv(paths.SUSPECTED)
    assert {row["name"]: (row["label"], row["suggested"]) for row in rows} == {
        "train/0.png": ("tulip", "rose"),
        "test/3.png": ("tulip", "rose"),
    }
    page = paths.SUSPECTED_PAGE.read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 2
    assert page.index("train/0.png") > 0 < page.index("test/3.png")
    assert "2 of 120 labels are suspected" in page
    assert paths.SUSPECTED_PICTURE.read_bytes().startswith(b"\x89PNG")
    edited = paths.SUSPECTED.read_text(encoding="utf-8").replace(",\n", ",rose\n")
    (extracted / "corrections.csv").write_text(edited, encoding="utf-8")
    assert corrections.read(extracted / "corrections.csv", CLASSES) == dict.fromkeys(WRONG, "rose")


def test_what_was_corrected_before_stays_in_the_list(extracted):
    records.write_json(paths.CORRECTIONS, {"train/5.png": "aster", "gone.png": "drop", "test/3.png": "rose"})
    assert "corrected before, too: 3 images" in herbarium("labels").stdout
    rows = records.read_csv(paths.SUSPECTED)
    assert [(row["name"], row["label"], row["correction"]) for row in rows if row["name"] != "train/0.png"] == [
        ("test/3.png", "tulip", "rose"),
        ("gone.png", "", "drop"),
        ("train/5.png", "", "aster"),
    ]
    assert "All 2" in paths.SUSPECTED_PAGE.read_text(encoding="utf-8")


def test_what_a_person_has_written_into_the_list_is_not_overwritten(extracted):
    herbarium("labels")
    edited = paths.SUSPECTED.read_text(encoding="utf-8").replace(",\n", ",drop\n")
    paths.SUSPECTED.write_text("\ufeff" + edited.replace("\n", "\r\n"), encoding="utf-8", newline="")
    assert herbarium("labels").exit_code == 0
    assert corrections.read(paths.SUSPECTED, CLASSES) == dict.fromkeys(WRONG, "drop")
    before = paths.SUSPECTED.read_bytes()
    records.write_json(paths.CORRECTIONS, {"test/3.png": "rose"})
    done = herbarium("labels")
    assert "test/3.png is drop there, and rose by data.corrections" in str(done.exception)
    assert paths.SUSPECTED.read_bytes() == before


def test_what_was_corrected_of_images_that_are_not_here_is_not_let_go(extracted):
    """As after a smaller data.limit: a person has looked at each of them."""
    row = ("elsewhere.png", "train", "rose", "tulip", "0.1")
    records.write_csv(paths.SUSPECTED, correction_list.COLUMNS, [(*row, "tulip")])
    before = paths.SUSPECTED.read_bytes()
    said = str(herbarium("labels").exception)
    assert "elsewhere.png is tulip there, and no image here\nCopy it into data.path, set data.corrections to" in said
    assert paths.SUSPECTED.read_bytes() == before
    records.write_csv(paths.SUSPECTED, correction_list.COLUMNS, [(*row, "")])
    assert herbarium("labels").exit_code == 0
    records.write_json(paths.CORRECTIONS, {"elsewhere.png": "tulip"})
    records.write_csv(paths.SUSPECTED, correction_list.COLUMNS, [(*row, "tulip")])
    assert herbarium("labels").exit_code == 0


def test_augmented_views_that_are_stored_too_are_no_images(extracted):
    herbarium("labels")
    before = paths.SUSPECTED.read_bytes()
    stored = records.read_npy(paths.FEATURES / "train/cut.npy", memory_map=False)
    records.write_npy(paths.FEATURES / "train/cut.npy", np.concatenate([stored, 0 * stored, 1 - stored]))
    done = herbarium("labels")
    assert done.exit_code == 0, done.exception
    assert paths.SUSPECTED.read_bytes() == before


def test_where_nothing_is_extracted_it_says_what_to_run(project):
    done = herbarium("labels")
    assert done.exit_code == 1
    assert "nothing has been extracted here yet: run `dvc repro extract-features`" in str(done.exception)


def test_features_that_tell_nothing_are_said_to(extracted):
    for split in COUNTS:
        stored = records.read_npy(paths.FEATURES / split / "cut.npy", memory_map=False)
        records.write_npy(paths.FEATURES / split / "cut.npy", np.random.default_rng(1).normal(size=stored.shape))
    done = herbarium("labels")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("the features hardly tell the classes apart, so little follows")


def test_images_that_are_being_prepared_again_are_said_not_to_be_here(extracted):
    """Features of the run before are there as long as preprocess works."""
    paths.CLASSES.unlink()
    done = herbarium("labels")
    assert "data/images/classes.json: not found; no run has finished here yet" in str(done.exception)
