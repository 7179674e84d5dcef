"""Trainings that share a network, its graphs and its warm-ups have the bits they have alone."""

import os
from pathlib import Path
from typing import Any

import pytest

from pipeline.files import paths
from pipeline.model import assembly, fit, prepared, training, warm_up
from pipeline.model.prepared import Kept
from pipeline.model.training import Trained
from pipeline.params.schema import Params

from .conftest import changed

# What a graph reads as tensors, then what has another one traced, and back.
SHAPED = {"schedule": "warmup_cosine", "layer_decay": 0.9, "clip_norm": 1.0, "ema": 0.9}
VARIANTS: list[dict[str, dict[str, Any]]] = [
    {"head": {"dropout": 0.3}, "train": {"learning_rate": 0.01, "l2": 1e-3, "label_smoothing": 0.1, **SHAPED}},
    {
        "head": {"dropout": 0.45},
        "train": {"learning_rate": 0.003, "l2": 1e-2, "label_smoothing": 0.3, **SHAPED, "ema": 0.5},
    },
    {
        "head": {"dropout": 0.1},
        "train": {"learning_rate": 0.02, "l2": 2e-3, "label_smoothing": 0.2, **SHAPED, "layer_decay": 0.5}
        | {"epochs": 3, "clip_norm": 0.1},
    },
]


@pytest.fixture
def params(params: Params) -> Params:
    return changed(params, train={"unfrozen_layers": 1, "epochs": 2, "optimizer": "adamw", "weight_decay": 0.01})


def saved(trained: Trained, path: Path) -> bytes:
    assembly.save(trained.assembled, path)
    return path.read_bytes()


def test_a_graph_serves_all_trainings_that_differ_in_numbers(stored, extracted, params, tmp_path):
    """The same epochs, and the same file, as alone."""
    extracted(params)
    kept, networks, alone = Kept(), [], []
    for variant in VARIANTS:
        trained = training.run(changed(params, **variant))
        alone.append((trained.epochs, saved(trained, tmp_path / "alone.keras")))
    for number in (0, 1, 2, 0):
        configured = changed(params, **VARIANTS[number])
        together = training.run(configured, kept=kept)
        assert (together.epochs, saved(together, tmp_path / "together.keras")) == alone[number]
        networks.append(kept.get(prepared.key(configured, Path()), lambda: pytest.fail("built anew")))
    assert len({id(network) for network in networks}) == 1
    (steps,) = networks[0]._steps.values()
    assert steps.run.experimental_get_tracing_count() == 1


@pytest.mark.parametrize(
    "other",
    [
        {"head": {"dropout": 0.0}, "train": {"l2": 0.0}},
        {"head": {"units": []}, "train": {"label_smoothing": 0.0}},
        {"train": {"layer_decay": 1.0, "clip_norm": None, "ema": 0.0}},
        {"train": {"mixup": 0.4, "cutmix": 1.0, "feature_noise": 0.1}},
        {"train": {"optimizer": "nadam", "batch_size": 7, "weight_decay": 0.0}},
        {"train": {"seed": 2, "unfrozen_layers": 0, "warmup_epochs": 1}},
    ],
    ids=str,
)
def test_another_graph_between_them_changes_nothing(stored, extracted, params, other):
    extracted(params)
    params = changed(params, **VARIANTS[0])
    kept = Kept()
    expected = training.run(params, kept=kept).epochs
    between = changed(params, **other)
    assert training.run(between, kept=kept).epochs == training.run(between).epochs
    assert training.run(params, kept=kept).epochs == expected


def test_a_network_is_as_new_after_a_training_that_failed(stored, extracted, params):
    extracted(params)
    expected, kept = training.run(params).epochs, Kept()
    with pytest.raises(fit.TrainingDivergedError):
        training.run(changed(params, train={"optimizer": "sgd", "learning_rate": 10.0, "l2": 1.0}), kept=kept)
    assert training.run(params, kept=kept).epochs == expected


def test_the_oldest_networks_go_when_there_is_no_room(stored, extracted, params, monkeypatch):
    extracted(params)
    kept = Kept()
    for largest, count in ((1 << 30, 3), (0, 1)):
        monkeypatch.setattr(prepared, "LARGEST", largest)
        for unfrozen in (0, 1, 2):
            training.run(changed(params, train={"unfrozen_layers": unfrozen}), kept=kept)
        assert len(kept._networks) == count
    assert next(iter(kept._networks.values())).bytes > 16 * 16


def test_a_warm_up_is_trained_once(stored, extracted, params, tmp_path, monkeypatch):
    """By whichever process; what comes after it is the same."""
    extracted(params)
    params = changed(params, head={"dropout": 0.2}, train={"warmup_epochs": 2})
    others = [
        {"learning_rate": 0.004, "layer_decay": 0.5, "cutmix": 1.0},
        {"unfrozen_layers": 2},
        {"schedule": "cosine", "epochs": 3},
    ]
    expected = [training.run(changed(params, train=other)).epochs for other in others]
    trained: list[int] = []
    run_epoch = fit.run_epoch
    monkeypatch.setattr(fit, "run_epoch", lambda *args: trained.append(args[3]) or run_epoch(*args))
    found = [training.run(changed(params, train=other), warm_ups=tmp_path, kept=Kept()).epochs for other in others]
    assert found == expected
    assert trained == [1, 2, 3, 4, 3, 4, 3, 4, 5]
    changes = [
        {"ema": 0.5},
        {"mixup": 0.5},
        {"feature_noise": 0.1},
        {"clip_norm": 0.1},
        {"warmup_learning_rate": 0.1},
        {"seed": 5},
        {"l2": 0.1},
    ]
    monkeypatch.setattr(fit, "run_epoch", lambda *args: pytest.fail(f"begins with epoch {args[3]}"))
    kept = Kept()
    for another in ({"warmup_epochs": 3}, *changes):
        with pytest.raises(pytest.fail.Exception, match=r"begins with epoch 1$"):
            training.run(changed(params, train=another), warm_ups=tmp_path, kept=kept)


def test_warm_ups_take_no_more_room_than_they_may(tmp_path, monkeypatch):
    for age in range(4):
        path = tmp_path / f"{age}.npz"
        path.write_bytes(b"12345")
        os.utime(path, (1000 - age, 1000 - age))
    monkeypatch.setattr(warm_up, "LARGEST", 12)
    warm_up._bound(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.npz", "1.npz"]


def test_what_another_worker_writes_or_has_removed_is_not_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr(warm_up, "LARGEST", 0)
    written = tmp_path / ".rename-me.npz"
    written.write_bytes(bytes(10))
    (tmp_path / "finished.npz").write_bytes(bytes(10))
    (tmp_path / "gone.npz").symlink_to(tmp_path / "nowhere")  # named in the folder, and not there
    warm_up._bound(tmp_path)
    assert written.exists()
    assert not (tmp_path / "finished.npz").exists()


def test_the_train_stage_takes_nothing_from_sweeps(stored, extracted, params, monkeypatch):
    from pipeline.stages import train

    extracted(params)
    given: list[dict[str, Any]] = []
    run = training.run

    def listen(*arguments: Any, **options: Any) -> Trained:
        given.append(options)
        return run(*arguments, **options)

    monkeypatch.setattr(training, "run", listen)
    train.run(params)
    assert not {"kept", "warm_ups"} & given[0].keys()
    assert not paths.WARM_UPS.exists()
