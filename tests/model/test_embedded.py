"""The embedded backbone and the record that produced it, which travel with the package."""

import h5py
import numpy as np

from pipeline.files import records
from tests.root import ROOT

FOLDER = ROOT / "pipeline/model/fashion_cnn"
RECORD = ROOT / "experiments/fashion-mnist-cnn/record"


def test_the_record_is_the_experiments():
    names = sorted(path.name for path in FOLDER.iterdir() if path.suffix in (".json", ".csv", ".yaml", ".lock"))
    assert names == ["dvc.lock", "environment.json", "history.csv", "metrics.json", "params.yaml", "training.json"]
    for name in names:
        assert records.file_digest(FOLDER / name) == records.file_digest(RECORD / name), name


def test_it_is_small_and_holds_the_two_convolutions():
    path = FOLDER / "backbone.weights.h5"
    assert path.stat().st_size < 100_000
    sizes = []
    with h5py.File(path) as file:
        file.visititems(lambda _, item: sizes.append(int(np.prod(item.shape))) if hasattr(item, "shape") else None)
    assert sorted(sizes) == [32, 64, 3 * 3 * 1 * 32, 3 * 3 * 32 * 64]
