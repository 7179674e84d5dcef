"""The stage train: what it writes, the same bytes every time, also after a real kill."""

import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import keras
import pytest

from pipeline.files import paths, records
from pipeline.identity import stock
from pipeline.results import history
from pipeline.results.history import Epoch
from pipeline.stages import extract_features, train
from tests.small_data import write_images

from .test_extract_features import ROOT, write_params

OUTPUTS = [paths.MODEL, paths.MODEL_SUMMARY, paths.TRAINING, paths.HISTORY]


@pytest.fixture
def extracted(project: Path) -> Path:
    """A project with stored activations, ready to train: warm-up, dropout and batch normalization included."""
    write_images()
    write_params(
        train__epochs=3,
        train__warmup_epochs=1,
        train__batch_size=8,
        head__units=[8],
        head__batch_norm=True,
        backbone__max_unfrozen_layers=1,
    )
    extract_features.run(stock.take("extract-features").params)
    return project


def outputs() -> list[bytes]:
    return [path.read_bytes() for path in OUTPUTS]


def test_the_stage_writes_its_outputs_from_the_keys_it_declares(extracted, capsys):
    names: list[str] = []
    epochs: list[Epoch] = []
    train.run(stock.take("train").params, names.append, epochs.append)
    assert history.read(paths.HISTORY) == epochs
    assert [epoch.epoch for epoch in epochs] == [0, 1, 2, 3, 4]
    content = records.read_json(paths.TRAINING)
    assert [content["fingerprint"]] == names
    assert content["unfrozen"] == ["conv3"]
    assert content["cut"] == "pool2"
    assert (content["kept_epoch"], content["epochs"]) == (4, 4)
    model = keras.saving.load_model(paths.MODEL)
    assert content["parameters"]["trainable"] == sum(v.shape.num_elements() for v in model.trainable_variables)
    assert model.input.shape == (None, 8, 8, 32)
    assert "conv3" in paths.MODEL_SUMMARY.read_text()
    assert not list(paths.CHECKPOINTS.rglob("*.npz"))
    printed = capsys.readouterr().out
    assert printed.count("validation loss") == 5
    assert f"{content['parameters']['trainable']:,} of {content['parameters']['total']:,} parameters" in printed


def test_repeating_gives_the_same_bytes(extracted):
    train.run(stock.take("train").params)
    first = outputs()
    train.run(stock.take("train").params)
    assert outputs() == first


def test_nothing_written_names_a_day_or_a_place(extracted):
    train.run(stock.take("train").params)
    for content in outputs():
        assert date.today().isoformat().encode() not in content
        assert str(extracted).encode() not in content


CODE = """
import os, signal, sys
from pipeline.identity import stock
from pipeline.stages import train
def on_epoch(epoch):
    if epoch.epoch == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)
train.run(stock.take("train").params, on_epoch=on_epoch)
"""


def in_new_process(kill_after: int) -> int:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, "-c", CODE, str(kill_after)], env=environment, check=False).returncode


@pytest.mark.slow
def test_processes_give_the_same_bytes_killed_or_not(extracted):
    assert in_new_process(kill_after=-1) == 0
    undisturbed = outputs()
    for path in OUTPUTS:
        path.unlink()
    for epoch in (1, 3):  # in the warm-up, and in the joint phase
        assert in_new_process(epoch) == -signal.SIGKILL
        assert list(paths.CHECKPOINTS.rglob("*.npz"))
        assert not paths.MODEL.exists()
    assert in_new_process(kill_after=-1) == 0
    assert outputs() == undisturbed
    assert not list(paths.CHECKPOINTS.rglob("*.npz"))
