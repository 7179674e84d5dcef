"""The embedded backbone and the record of the run that produced it, which travel with the package."""

import h5py
import numpy as np
import pytest

from pipeline.files import records
from pipeline.params import config
from pipeline.results import history
from tests.root import ROOT

FOLDER = ROOT / "pipeline/model/fashion_cnn"
EXPERIMENT = ROOT / "experiments/fashion-mnist-cnn"
DECIDING = ("images", "backbone", "head", "train", "compute")


def test_the_record_is_the_experiments():
    names = sorted(path.name for path in FOLDER.iterdir() if path.suffix in (".json", ".csv", ".yaml", ".lock"))
    assert names == ["dvc.lock", "environment.json", "history.csv", "metrics.json", "params.yaml", "training.json"]
    then, now = (config.check(config.read_yaml(folder / "params.yaml"), "record") for folder in (FOLDER, EXPERIMENT))
    for section in DECIDING:
        assert getattr(then, section) == getattr(now, section)
    assert then.data.splits == now.data.splits


def test_the_record_is_of_one_run():
    epochs = records.read_csv(FOLDER / "history.csv")
    training, metrics = (records.read_json(FOLDER / f"{name}.json") for name in ("training", "metrics"))
    kept = float(epochs[history.kept_epoch(training)]["validation_accuracy"])
    assert (len(epochs) - 1, kept) == (training["epochs"], pytest.approx(metrics["validation_accuracy"]))
    locked = {out["path"]: out["md5"] for out in config.read_yaml(FOLDER / "dvc.lock")["stages"]["train"]["outs"]}
    for name in ("training.json", "history.csv"):
        path = next(path for path in locked if path.endswith(name))
        assert locked[path] == records.md5(FOLDER / name)


def test_it_is_small_and_holds_the_two_convolutions():
    path = FOLDER / "backbone.weights.h5"
    assert path.stat().st_size < 100_000
    sizes = []
    with h5py.File(path) as file:
        file.visititems(lambda _, item: sizes.append(int(np.prod(item.shape))) if hasattr(item, "shape") else None)
    assert sorted(sizes) == [32, 64, 3 * 3 * 1 * 32, 3 * 3 * 32 * 64]
