"""Cross-validation on stored activations: which images are where, that nothing is extracted, and what is measured."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from pipeline.files import paths, records
from pipeline.identity import fingerprint
from pipeline.model import (
    assembly,
    cross_validation,
    division,
    extraction,
    features,
    fit,
    fold_examples,
    folds,
    training,
)
from pipeline.model.selection import Selection
from pipeline.params import config
from pipeline.process.errors import CombinationError
from pipeline.results.cross_validation import FoldResult
from tests.root import ROOT
from tests.small_data import COUNTS

from .conftest import changed

POOL = COUNTS["train"] + COUNTS["validation"]


def names_with(split: str, **same: str) -> None:
    """Give images of a split, by place, the content of others."""
    rows = records.read_csv(paths.ids(split))
    for place, sha256 in same.items():
        rows[int(place.removeprefix("image"))]["sha256"] = sha256
    records.write_csv(paths.ids(split), ["name", "sha256"], [(row["name"], row["sha256"]) for row in rows])


def test_whether_there_can_be_folds_is_asked_without_tensorflow(stored):
    """A sweep asks before it settles what TensorFlow is to read when it is imported."""
    divided = "from pipeline.model import division; division.check(5, 'x'); division.of_project(5, 1, 1)"
    asked = f"import sys; from pipeline.sweep import plans; {divided}; print('keras' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    assert subprocess.check_output([sys.executable, "-c", asked], env=environment, text=True) == "False\n"


def test_every_image_is_held_out_once_a_repeat_and_each_class_in_proportion(stored):
    divided = division.of_project(5, 2, seed=3)
    assert [(fold.repeat, fold.number) for fold in divided] == [(r, f) for r in (1, 2) for f in range(1, 6)]
    labels = np.concatenate([records.read_npy(paths.labels(split)) for split in fingerprint.SPLITS])
    for repeat in (1, 2):
        held = [fold.held_out for fold in divided if fold.repeat == repeat]
        assert sorted(np.concatenate(held)) == list(range(POOL))
    for fold in divided:
        assert sorted([*fold.trained, *fold.held_out]) == list(range(POOL))
        counts = np.bincount(labels[fold.held_out], minlength=3)
        assert counts.max() - counts.min() <= 1
    assert [fold.digest for fold in division.of_project(5, 2, seed=3)] == [fold.digest for fold in divided]
    assert len({fold.digest for fold in (*divided, *division.of_project(5, 2, seed=4))}) == 20


def test_identical_images_and_groups_are_never_parted(stored):
    """Images 0 and 3 have one content, 3, 6 and one of validation one group, 6 and 12 are near-duplicates."""
    names_with("train", image3=records.read_csv(paths.ids("train"))[0]["sha256"])
    rows = [(f"train-{i}.png", "dark", "plant" if i in (3, 6) else "", "train") for i in range(37)]
    rows += [(f"validation-{i}.png", "dark", "plant" if i == 9 else "", "validation") for i in range(18)]
    records.write_csv(paths.SPLIT_TABLE, ["name", "class", "group", "split"], rows)
    near = {"images": [{"name": "train-6.png"}, {"name": "train-12.png"}]}
    together = {0, 3, 6, 12, COUNTS["train"] + 9}
    many = {"near_duplicates": {"pairs": [], "groups": [["train-6.png", "train-12.png"]]}}  # more than are listed
    for report in ({"near_duplicates": {"pairs": [near]}}, many):
        records.write_json(paths.DATASET, report)
        for fold in division.of_project(4, 3, seed=1):
            assert len(together & set(fold.held_out.tolist())) in (0, 5)
            assert len(together & set(fold.trained.tolist())) in (0, 5)


@pytest.mark.parametrize("twin", ["train-0.png", "left out, too"])
def test_groups_that_share_an_image_are_not_parted_though_it_was_left_out(stored, twin):
    """Images 0 and 3 are of one plant, 6 is of another; a photograph of both was left out once, or twice."""
    rows = [(f"train-{i}.png", "dark", {0: "p", 3: "p", 6: "q"}.get(i, ""), "train") for i in range(37)]
    rows += [("left out", "dark", "q", ""), ("left out, too", "bright", "p", "")]
    records.write_csv(paths.SPLIT_TABLE, ["name", "class", "group", "split"], rows)
    twins = {"images": [{"name": twin}, {"name": "left out"}]}
    records.write_json(paths.DATASET, {"duplicates": {"groups": [twins]}})
    for fold in division.of_project(4, 3, seed=1):
        assert len({0, 3, 6} & set(fold.held_out.tolist())) in (0, 3)


def test_other_validation_images_are_drawn_from_those_of_training(stored):
    """Draws are disjoint until there are no more; what is tied to a validation image is in none."""
    names_with("train", image3=records.read_csv(paths.ids("validation"))[0]["sha256"])
    draws = [division.redrawn(number, 7) for number in (1, 2, 3)]
    held = [fold.held_out.tolist() for fold in draws]
    assert sorted(held[0] + held[1]) == [place for place in range(COUNTS["train"]) if place != 3]
    assert set(held[2]) != set(held[0])
    labels = records.read_npy(paths.labels("train"))
    for fold in draws:
        assert not set(fold.trained) & set(fold.held_out)
        assert len(fold.trained) in (COUNTS["train"] - 1, COUNTS["train"])
        counts = np.bincount(labels[fold.held_out], minlength=3)
        assert counts.max() - counts.min() <= 1
    assert [division.redrawn(number, 7).digest for number in (1, 2, 3)] == [fold.digest for fold in draws]
    assert division.redrawn(1, 8).digest != draws[0].digest


def test_where_all_images_are_tied_to_validation_there_is_no_other_draw(stored):
    same = records.read_csv(paths.ids("validation"))[0]["sha256"]
    names_with("train", **{f"image{place}": same for place in range(COUNTS["train"])})
    with pytest.raises(CombinationError, match="too few images for training"):
        division.redrawn(1, 7)


def grouped(groups: list[str]) -> None:
    """Put the images of training, in their order, into groups."""
    names = [row["name"] for row in records.read_csv(paths.ids("train"))]
    rows = [(name, "dark", group, "train") for name, group in zip(names, groups, strict=True)]
    records.write_csv(paths.SPLIT_TABLE, ["name", "class", "group", "split"], rows)


def few_for_validation() -> None:
    """Five images instead of 18, so that the images of training would be divided into seven parts."""
    records.write_npy(paths.labels("validation"), records.read_npy(paths.labels("validation"), memory_map=False)[:5])
    records.write_csv(paths.ids("validation"), ["name", "sha256"], [(f"v-{i}", f"v-{i}") for i in range(5)])


@pytest.mark.parametrize("groups", [2, 3])
def test_there_are_no_more_draws_than_groups_to_draw(stored, groups):
    few_for_validation()
    group = np.minimum(np.arange(COUNTS["train"]), groups - 1)
    grouped([f"plant {number}" for number in group])
    draws = [division.redrawn(number, 7) for number in range(1, groups + 1)]
    assert sorted(place for fold in draws for place in fold.held_out) == list(range(COUNTS["train"]))
    for fold in draws:
        of_training = fold.trained[fold.trained < COUNTS["train"]]
        assert not set(group[fold.held_out]) & set(group[of_training])


def test_every_draw_has_images_where_each_group_is_of_one_class(stored):
    """Of five such groups scikit-learn makes five parts, one of them empty."""
    few_for_validation()
    sizes = [8, 1, 5, 22, 1]
    records.write_npy(paths.labels("train"), np.repeat([1, 0, 2, 1, 1], sizes))
    grouped([f"plant {number}" for number in np.repeat(range(5), sizes)])
    assert all(len(division.redrawn(number, 7).held_out) for number in range(1, 11))


def test_one_group_cannot_be_drawn_from(stored):
    grouped(["plant"] * COUNTS["train"])
    with pytest.raises(CombinationError, match="too few images for training, or groups of them"):
        division.redrawn(1, 7)


def test_more_folds_than_images_of_a_class_are_refused(stored):
    with pytest.raises(CombinationError, match=r"--folds: found 19; class 'grey' has 18 images .* allowed: 2 to 18"):
        division.of_project(19, 1, seed=1)
    for split in ("train", "validation"):
        labels = records.read_npy(paths.labels(split), memory_map=False)
        labels[labels == 0] = 1
        labels[:1] = 0 if split == "train" else 1
        records.write_npy(paths.labels(split), labels)
    with pytest.raises(CombinationError, match=r"has 1 images .*: give the class more images$"):
        division.of_project(2, 1, seed=1)


def test_folds_that_groups_of_several_classes_leave_without_one_are_refused(stored, monkeypatch):
    """Groups are counted by class, and may hold several: no fold's figure is of fewer classes than the others'."""
    labels = division.labels_of(Path())
    halves = [np.flatnonzero(labels == 0), np.flatnonzero(labels != 0)]
    monkeypatch.setattr(division, "_divided", lambda *given: [(halves[0], halves[1]), (halves[1], halves[0])])
    with pytest.raises(CombinationError, match=r"^--folds: of 2 folds 2 would be without images of a class, because"):
        division.of_project(2, 1, seed=1)


def test_a_selection_is_the_rows_of_what_stands_below_each_other():
    first, second = np.arange(12).reshape(4, 3), np.arange(100, 106).reshape(2, 3)
    rows = np.array([5, 0, 3, 4, 0])
    whole = np.concatenate([first, second])[rows]
    found = Selection([first, second], rows)
    np.testing.assert_array_equal(np.asarray(found), whole)
    np.testing.assert_array_equal(found[1:3], whole[1:3])
    np.testing.assert_array_equal(found[np.array([4, 0])], whole[[4, 0]])
    assert (len(found), found.shape, found.dtype, found.nbytes) == (5, whole.shape, whole.dtype, whole.nbytes)


def test_a_fold_is_trained_on_rows_of_what_is_stored_views_included(stored, extracted, params):
    views = params.images.augmentation.model_dump() | {"views": 2, "shift": 0.2}
    one = {"backbone": {"max_unfrozen_layers": 1}, "train": {"unfrozen_layers": 1, "class_weights": "balanced"}}
    params = changed(params, images={"augmentation": views}, **one)
    for split, count in ((split, COUNTS[split]) for split in fingerprint.SPLITS):
        records.write_npy(paths.weights(split), np.arange(count, dtype=np.float32))
    extracted(params)
    built = assembly.assemble(params, classes=3)
    fold = division.of_project(3, 1, seed=1)[0]
    trained, held_out = fold_examples.examples(fold, built, params)
    of_pool = np.concatenate([np.arange(COUNTS[split]) for split in fingerprint.SPLITS])
    np.testing.assert_array_equal(trained.weights, of_pool[fold.trained])
    assert held_out.weights is None
    of_split = {split: features.examples(split, built, params) for split in fingerprint.SPLITS}
    assert trained.views == 2
    assert trained.class_weights is not None
    count = COUNTS["train"]
    for i, place in list(enumerate(fold.trained))[::7]:
        for view in range(3):
            inside = place < count
            split, row = ("train", view * count + place) if inside else ("validation", place - count)
            np.testing.assert_array_equal(
                trained.inputs[np.array([view * len(fold.trained) + i])][0], of_split[split].inputs[row]
            )
        assert trained.labels[i] == np.concatenate([e.labels for e in of_split.values()])[place]
    originals = np.concatenate([of_split["train"].inputs[:count], of_split["validation"].inputs])
    np.testing.assert_array_equal(np.asarray(held_out.inputs), originals[fold.held_out])


def test_cross_validation_extracts_nothing_reads_no_test_image_and_measures_what_it_held_out(
    stored, extracted, params, monkeypatch
):
    params = changed(params, train={"epochs": 2, "learning_rate": 0.02, "warmup_epochs": 1})
    extracted(params)
    shutil.rmtree(paths.images("test").parent)
    shutil.rmtree(paths.FEATURES / "test")
    before = {path: path.stat().st_mtime_ns for path in paths.FEATURES.rglob("*")}
    monkeypatch.setattr(extraction, "extract", lambda *_: pytest.fail("extracted again"))
    divided = division.of_project(3, 1, params.train.seed)
    results: list[FoldResult] = []
    curves: list[int] = []

    def add(result: FoldResult, epochs: list) -> None:
        results.append(result)
        curves.append(len(epochs))

    def run(known: dict[str, FoldResult]) -> None:
        cross_validation.run(lambda _: params, divided, known, add)

    run({})
    assert {path: path.stat().st_mtime_ns for path in paths.FEATURES.rglob("*")} == before
    assert curves == [4, 4, 4]
    assert sum(result.images for result in results) == POOL
    assert len({*(result.fingerprint for result in results), fingerprint.of_project(params)}) == 4
    trained = training.run(params, fold=divided[0])
    _, held_out = fold_examples.examples(divided[0], trained.assembled, params)
    predicted = fit.logits(trained.assembled.trained, held_out.inputs).argmax(axis=1)
    assert trained.fingerprint == results[0].fingerprint
    assert results[0].accuracy == (predicted == held_out.labels).mean() == trained.epochs[-1].validation_accuracy
    assert results[0].balanced_accuracy == pytest.approx(balanced_accuracy_score(held_out.labels, predicted))
    run({result.fingerprint: result for result in results[:2]})
    assert curves[3:] == [0, 0, 4]
    assert results[3:] == results[:3]
    other = config.with_seed(params, 9)
    assert folds.named(fingerprint.of_project(other), divided[0]) not in {result.fingerprint for result in results}
