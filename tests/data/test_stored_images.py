"""Stored images in another size or with other channels are those at their places, over splits."""

import numpy as np
import pytest

from pipeline.data import stored_images
from pipeline.files import paths, records
from pipeline.params import config

SPLITS = ("train", "validation")


@pytest.fixture
def section(project):
    """Of 6 × 6 grey images, three for training and two for validation, each of one value."""
    for split, values in zip(SPLITS, ((10, 20, 30), (40, 50)), strict=True):
        pixels = np.array(values, np.uint8)[:, None, None, None] * np.ones((1, 6, 6, 1), np.uint8)
        records.write_npy(paths.images(split), pixels)
    return config.load().images.model_copy(update={"height": 6, "width": 6, "channels": 1})


def test_places_go_on_from_split_to_split(section):
    found = stored_images.resized(SPLITS, np.array([0, 2, 3, 4]), section)
    assert found.shape == (4, 6, 6, 1)
    assert found.dtype == np.uint8
    assert found[:, 0, 0, 0].tolist() == [10, 30, 40, 50]


def test_another_size_and_colours_are_made(section):
    other = section.model_copy(update={"height": 3, "width": 4, "channels": 3})
    found = stored_images.resized(SPLITS, np.array([1, 4]), other)
    assert found.shape == (2, 3, 4, 3)
    assert (found == np.array([20, 50])[:, None, None, None]).all()
