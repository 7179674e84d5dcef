"""The sample is of training and validation alone, in folds that hold each image out once, at most so many images."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from pipeline.files import paths, records
from pipeline.model import probe_sample
from pipeline.params import config
from pipeline.process.errors import DataError

from ..small_data import COUNTS, write_images


@pytest.fixture
def stored(project: Path) -> Path:
    write_images()
    records.write_json(paths.DATASET, {"splits": {split: {"images": count} for split, count in COUNTS.items()}})
    shutil.rmtree(paths.images("test").parent)
    return project


def test_each_image_is_held_out_once(stored: Path) -> None:
    params = config.load()
    sample = probe_sample.of_project(params, 30, 3, lambda places, section: places)
    places = sample.pixels(params.images)
    assert len(places) == len(sample.labels) == 30
    assert (np.diff(places) > 0).all()
    assert places[-1] < sum(COUNTS[split] for split in probe_sample.SPLITS)
    assert sorted(np.concatenate([left for _, left in sample.folds])) == list(range(30))
    assert not [fold for fold in sample.folds if set(fold[0]) & set(fold[1])]
    assert sample.trained == COUNTS["train"]
    assert sample.whole == sum(COUNTS.values()) + params.images.augmentation.views * COUNTS["train"]


def test_without_images_it_says_what_brings_them(project: Path) -> None:
    with pytest.raises(DataError, match="there are no images here yet: run `dvc repro preprocess`"):
        probe_sample.of_project(config.load(), 30, 3, lambda places, section: places)
