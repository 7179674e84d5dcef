"""Shares of images: exact ones to the image, stable ones that no added image moves, and no unit ever cut."""

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.data import partition

SPLITS = ("train", "validation", "test")


def exact(labels, units=None, shares=(0.8, 0.1, 0.1), seed=1, stratified=True):
    sizes = {split: round(share * len(labels)) for split, share in zip(SPLITS, shares, strict=True)}
    return partition.exact(labels, units or [str(i) for i in range(len(labels))], sizes, seed, stratified)


@settings(max_examples=200)
@given(st.lists(st.integers(0, 60), min_size=1, max_size=12), st.lists(st.integers(0, 40), min_size=2, max_size=4))
def test_targets_are_proportions_rounded_to_whole_numbers(classes, shares):
    classes, total = np.array(classes), sum(classes)
    splits = np.array([total * share // max(1, sum(shares)) for share in shares])
    splits = np.append(splits, total - splits.sum())
    found = partition.targets(classes, splits)
    np.testing.assert_array_equal(found.sum(axis=0), classes)
    quota = np.outer(splits, classes) / max(1, total)
    assert (found >= np.floor(quota)).all()
    assert (found <= np.ceil(quota) + 1).all()
    if splits[0] and (quota[0] >= 1).all():  # no class needs its only image for training
        np.testing.assert_array_equal(found.sum(axis=1), splits)


def test_three_balanced_classes_stay_balanced_in_every_split():
    """Percent slices gave a validation split of 3.8 : 1."""
    labels = [0, 1, 2] * 40
    found = Counter(zip(exact(labels), labels, strict=True))
    assert set(found.values()) == {32, 4}


@settings(max_examples=100)
@given(st.lists(st.integers(0, 4), min_size=20, max_size=150), st.integers(0, 5))
def test_single_images_come_out_to_the_image(labels, seed):
    found = exact(labels, seed=seed)
    count, of_class = Counter(zip(found, labels, strict=True)), Counter(labels)
    for k, n in of_class.items():
        for split, share in zip(SPLITS, (0.8, 0.1, 0.1), strict=True):
            assert abs(count[split, k] - share * n) <= 2
        assert count["train", k] >= 1
    assert len(found) == len(labels)


def test_random_shares_are_exact_whatever_the_class():
    found = Counter(exact([0] * 97 + [1] * 3, stratified=False))
    assert found == {"train": 80, "validation": 10, "test": 10}


def test_what_no_split_wants_is_left_out():
    found = Counter(exact([0, 1] * 50, shares=(0.5, 0.1, 0.1)))
    assert found == {"train": 50, "validation": 10, "test": 10, partition.NONE: 30}


GROUPED = st.lists(st.tuples(st.integers(1, 12), st.integers(0, 2)), min_size=10, max_size=60)


@settings(max_examples=100)
@given(GROUPED, st.booleans())
def test_no_unit_is_cut(groups, stratified):
    units = [f"plant {i}" for i, (size, _) in enumerate(groups) for _ in range(size)]
    labels = [label for size, label in groups for _ in range(size)]
    found = defaultdict(set)
    for unit, split in zip(units, exact(labels, units, stratified=stratified), strict=True):
        found[unit].add(split)
    assert all(len(splits) == 1 for splits in found.values())


def test_groups_come_near_the_shares_in_every_class():
    rng = np.random.default_rng(0)
    groups = [(int(rng.integers(1, 9)), int(rng.integers(0, 4))) for _ in range(300)]
    units = [str(i) for i, (size, _) in enumerate(groups) for _ in range(size)]
    labels = [label for size, label in groups for _ in range(size)]
    count, of_class = Counter(zip(exact(labels, units), labels, strict=True)), Counter(labels)
    for k, n in of_class.items():
        for split, share in zip(SPLITS, (0.8, 0.1, 0.1), strict=True):
            assert abs(count[split, k] - share * n) <= 3, (split, k)


def test_a_group_of_several_classes_and_identical_images_are_units_too():
    labels = [0, 1, 0, 1] * 25
    units = [str(i // 4) for i in range(100)]
    found = Counter(zip(exact(labels, units), labels, strict=True))
    assert found["train", 0] == found["train", 1] == 40


@pytest.mark.parametrize("stratified", [True, False])
def test_the_order_of_images_changes_nothing_and_the_seed_everything(stratified):
    labels = [i % 3 for i in range(90)]
    units = [f"u{i}" for i in range(90)]
    found = dict(zip(units, exact(labels, units, stratified=stratified), strict=True))
    again = exact(labels[::-1], units[::-1], stratified=stratified)
    assert dict(zip(units[::-1], again, strict=True)) == found
    assert exact(labels, units, stratified=stratified, seed=2) != list(found.values())


STRETCHES = {"train": [(0.0, 0.8)], "validation": [(0.8, 0.9)], "test": [(0.9, 1.0)]}


@given(st.sets(st.text(), max_size=30), st.sets(st.text(), max_size=30), st.integers(0, 3))
def test_added_images_move_none_that_was_there(before, added, seed):
    units = sorted(before)
    first = dict(zip(units, partition.stable(units, STRETCHES, seed), strict=True))
    more = sorted(before | added)
    then = dict(zip(more, partition.stable(more, STRETCHES, seed), strict=True))
    assert {unit: then[unit] for unit in units} == first


def test_stable_shares_hold_on_average():
    units = [str(i) for i in range(20_000)]
    found = Counter(partition.stable(units, {**STRETCHES, "test": [(0.95, 1.0)]}, 1))
    assert found["train"] == pytest.approx(16_000, abs=200)
    assert found[partition.NONE] == pytest.approx(1000, abs=100)
