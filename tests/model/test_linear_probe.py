"""The linear probe: the penalty that leaving one out prefers, sensible vectors, and the floor of a project."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import RidgeClassifier

from pipeline.files import paths, records
from pipeline.model import linear_probe
from pipeline.params.schema import Params
from pipeline.process.errors import DataError

from ..small_data import COUNTS
from .conftest import changed


def noisy(images: int, width: int, classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(images + width)
    labels = np.arange(images) % classes
    return random.normal(size=(images, width)) + 1.5 * np.eye(width)[labels], labels


def left_out(inputs: np.ndarray, labels: np.ndarray, penalty: float) -> float:
    """The mean squared error of each image's targets when it is not fitted to."""
    targets = 2.0 * np.eye(labels.max() + 1)[labels] - 1
    errors = []
    for place in range(len(labels)):
        others = np.arange(len(labels)) != place
        fitted = RidgeClassifier(penalty).fit(inputs[others], labels[others])
        errors.append((fitted.decision_function(inputs[[place]])[0] - targets[place]) ** 2)
    return float(np.mean(errors))


@pytest.mark.parametrize("width", [6, 40])
def test_the_penalty_is_the_one_that_leaving_one_out_prefers(width: int) -> None:
    """With more images than features, and with fewer."""
    inputs, labels = noisy(24, width)
    scaled, (scaler, ridge) = (inputs - inputs.mean(0)) / inputs.std(0), linear_probe.fit(inputs, labels)
    penalties = 24 * linear_probe.PENALTIES
    best = min(penalties, key=lambda penalty: left_out(scaled, labels, penalty))
    assert ridge.alpha_ == best
    assert penalties[0] < best < penalties[-1]
    np.testing.assert_allclose(scaler.transform(inputs), scaled)


def test_two_classes_and_one_are_told_apart() -> None:
    inputs, labels = noisy(30, 5, classes=2)
    assert (linear_probe.fit(inputs, labels).predict(inputs) == labels).mean() > 0.8
    assert linear_probe.fit(inputs, np.full(30, 4)).predict(inputs[:2]).tolist() == [4, 4]


def test_few_images_are_taken_from_all_classes_in_proportion() -> None:
    labels = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [600, 300, 100]))
    chosen = linear_probe.spread(labels, 100)
    assert np.bincount(labels[chosen]).tolist() == [60, 30, 10]
    assert (np.diff(chosen) > 0).all()
    assert linear_probe.spread(labels, 5000).tolist() == list(range(1000))


@pytest.mark.parametrize(("width", "images"), [(64, 2_000_000), (512, 30_000), (2048, 2000), (25_088, 600)])
def test_many_features_leave_room_for_fewer_images(width: int, images: int) -> None:
    most = linear_probe.most_images(width)
    assert images < most < 1.3 * images
    assert most * width * min(most, width) <= 1.01e10


def test_maps_are_averaged_in_parts_and_tokens_wholly() -> None:
    images = np.arange(3 * 50 * 70 * 3, dtype=np.float64).reshape(3, 50, 70, 3) % 251
    small = linear_probe.vectors(images.astype(np.uint8), np.array([0, 2]))
    assert small.shape == (2, 18 * 18 * 3)
    means = small.reshape(2, 18, 18, 3)
    np.testing.assert_allclose(means[1, 0, 0], images[2, :2, :3].mean(axis=(0, 1)))
    np.testing.assert_allclose(means[1, -1, -1], images[2, 47:, 66:].mean(axis=(0, 1)))
    maps = np.random.default_rng(0).normal(size=(4, 7, 7, 512))
    np.testing.assert_allclose(linear_probe.vectors(maps, np.arange(4)), maps.mean(axis=(1, 2)))
    tokens = maps.reshape(4, 49, 512)
    np.testing.assert_allclose(linear_probe.vectors(tokens, np.arange(4)), tokens.mean(axis=1))
    np.testing.assert_array_equal(linear_probe.vectors(tokens[:, 0], np.array([3])), tokens[3:, 0])


def test_the_floor_is_of_the_stored_features_of_training_and_validation(
    params: Params, extracted: Callable[[Params], Any]
) -> None:
    """Views come after the images and are not fitted to."""
    views = {**params.images.augmentation.model_dump(), "views": 2}
    extracted(changed(params, images={"augmentation": views}, backbone={"max_unfrozen_layers": 1}))
    assert len(records.read_npy(paths.FEATURES / "train/pooled.npy")) == 3 * COUNTS["train"]
    found = linear_probe.floor()
    assert found["linear_probe_images"] == COUNTS["train"]
    assert found["linear_probe_features"] == 64
    assert found["linear_probe_validation_accuracy"] > 0.8
    records.write_npy(paths.FEATURES / "train/pooled.npy", np.zeros((3 * COUNTS["train"], 64), np.float32))
    with pytest.raises(DataError, match=r"train/pooled.npy: its bytes are not those"):
        linear_probe.floor()


def test_of_a_network_from_scratch_the_floor_is_that_of_the_pixels(
    params: Params, extracted: Callable[[Params], Any]
) -> None:
    extracted(changed(params, backbone={"weights": "none", "max_unfrozen_layers": 2}))
    assert linear_probe.floor()["linear_probe_features"] == 16 * 16


def test_images_that_count_differently_have_a_floor_too(params: Params, extracted: Callable[[Params], Any]) -> None:
    """The probe takes some of a split's files, and their weights are not among them."""
    for split in ("train", "validation"):
        records.write_npy(paths.weights(split), np.full(COUNTS[split], 0.5, np.float32))
    extracted(params)
    assert linear_probe.floor()["linear_probe_images"] == COUNTS["train"]
