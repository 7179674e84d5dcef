"""Learning curves on disk and their best epoch."""

from dataclasses import replace

import pytest

from pipeline.results import history
from pipeline.results.history import Epoch

CURVE = [
    Epoch(0, 1.2, 0.1, 0.1, 0.9, 0.0),
    Epoch(1, 1 / 3, 0.5, 0.7, 0.6, 1e-3),
    Epoch(2, 0.3, 0.6, 0.5, 0.6, 5e-4),
    Epoch(3, 0.2, 0.7, 0.5, 0.8, 1e-5),
]


def test_a_curve_is_read_back_to_the_last_bit(tmp_path):
    history.write(tmp_path / "history.csv", CURVE)
    assert history.read(tmp_path / "history.csv") == CURVE


def test_the_file_is_a_table_with_named_columns(tmp_path):
    history.write(tmp_path / "history.csv", CURVE[:1])
    assert (tmp_path / "history.csv").read_text().split("\n") == [
        "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,learning_rate",
        *["0,1.2,0.1,0.1,0.9,0.0", ""],
    ]


@pytest.mark.parametrize("epochs", [(0, 0), (1, 2), (0, 2), (1, 0)])
def test_epochs_that_are_not_one_after_the_other_are_no_curve(tmp_path, epochs):
    history.write(tmp_path / "history.csv", [replace(CURVE[0], epoch=number) for number in epochs])
    with pytest.raises(ValueError, match="needed: 0, 1, 2"):
        history.read(tmp_path / "history.csv")


def test_the_best_epoch_is_trained_and_the_earliest_of_equals():
    assert history.best(CURVE) is CURVE[2]


def test_before_training_there_is_no_best_epoch():
    with pytest.raises(ValueError, match="empty"):
        history.best(CURVE[:1])


@pytest.mark.parametrize("key", ["kept_epoch", "best_epoch"])
def test_the_kept_epoch_is_read_from_files_of_before_too(key: str):
    assert history.kept_epoch({key: 3}) == 3
    assert history.as_today({key: 3, "seed": 1}) == {"kept_epoch": 3, "seed": 1}
