"""params.yaml, the space of a sweep and claim.yaml, wrong in every way: refused before any work."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.files import paths
from tests.conftest import ROOT
from tests.review import conftest as repository

from .bad_input import REFUSED, Told, assert_refused, snapshot, write_params

# params.yaml, as text

BOMB = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefghijk", "bcdefghijkl", strict=True)
)
TEXTS = {
    "not UTF-8": (lambda text: text.encode("utf-16"), "params.yaml: not UTF-8 text"),
    "tabs": (lambda text: text.replace("  epochs:", "\tepochs:").encode(), "params.yaml: not valid YAML"),
    "a key twice": (lambda text: (text + "train: {}\n").encode(), 'found duplicate key "train"'),
    "a key twice, deeper": (
        lambda text: text.replace("  epochs:", "  seed: 2\n  epochs:").encode(),
        'duplicate key "s',
    ),
    "alias bomb": (
        lambda text: (BOMB + text.replace("[128]", "*l")).encode(),
        "params.yaml: its aliases stand for more values than the 100,000",
    ),
    "deep nesting": (lambda _: b"[" * 5000, "nested too deeply"),
    "a tag that would run code": (lambda _: b"!!python/object/apply:os.system ['touch ran']", "not valid YAML"),
    "two documents": (lambda text: (text + "---\n" + text).encode(), "params.yaml: not valid YAML"),
    "empty": (lambda _: b"", "params.yaml: found None; allowed: the sections version, data, images"),
    "a list": (lambda _: b"- data\n- images\n", "allowed: the sections version, data, images"),
    "binary": (lambda _: bytes(range(256)), "params.yaml: not UTF-8 text"),
    "cut off": (lambda text: text[: text.index("train:  #")].encode(), "params.yaml: train: missing; allowed: how the"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_texts_that_are_no_parameters(name: str, herbarium: Callable[..., Told], outcome: Callable) -> None:
    change, says = TEXTS[name]
    paths.PARAMS.write_bytes(change(paths.PARAMS.read_text(encoding="utf-8")))
    before = snapshot()
    assert_refused(herbarium("check"), before, says)
    outcome("bad input", "params.yaml", REFUSED, inputs=1)


# params.yaml, values

VALUES: dict[str, tuple[dict[str, Any], str]] = {
    "wrong type": ({"train.epochs": "20"}, "train.epochs: found '20'; allowed: passes over the training images: 1"),
    "NaN": ({"train.learning_rate": float("nan")}, "train.learning_rate: found nan; allowed: step size at the start"),
    "infinite": ({"train.l2": float("inf")}, "train.l2: found inf; allowed: L2 penalty"),
    "too small": ({"images.height": 0}, "images.height: found 0; allowed: pixels: 1 to 4096"),
    "too large": ({"data.limit": 10**30, "images.width": 10**30}, "images.width: found 1"),
    "missing": ({"head.units": ...}, "head.units: missing; allowed: sizes of the dense relu layers"),
    "unknown key": ({"train.epoch": 3}, "train.epoch: unknown key; did you mean train.epochs?"),
    "in the wrong section": ({"train.dropout": 0.3}, "train.dropout: unknown key; did you mean head.dropout?"),
    "path for a name": ({"data.name": "../../etc"}, "data.name: found '../../etc'; allowed: data set's name"),
    "overlapping splits": ({"data.splits.test": "train[85%:]"}, "validation (train[80%:90%]) and test (train[85%:])"),
    "no split": ({"data.splits.test": "the rest"}, "'the rest' is not a split; allowed are TFDS slices"),
    "beyond 100 %": ({"data.splits.test": "train[90%:110%]"}, "goes beyond 100 %"),
    "a weight of nothing": (
        {"train.class_weights": {"3": 0.0}},
        "train.class_weights: found {'3': 0.0}; allowed: how much an image counts: none",
    ),
    "a way of weighing": ({"train.class_weights": "ballanced"}, "train.class_weights: found 'ballanced'; allowed: how"),
    "too deep": ({"train.unfrozen_layers": 9}, "lower the first or raise the second"),
    "grey ImageNet": (
        {"backbone.name": "VGG16", "backbone.layers": [], "backbone.weights": "imagenet"},
        "backbone.weights: imagenet needs colour images: set images.channels: 3",
    ),
    "rates and layers": ({"head.dropout": [0.1, 0.2]}, "dropout lists 2 rates for 1 dense layers in units"),
    "colours of grey images": (
        {"images.augmentation.saturation": 0.3},
        "images.augmentation.saturation: grey images have none: set 0, or images.channels: 3",
    ),
    "boxes of pooled features": (
        {"train.unfrozen_layers": 0, "train.cutmix": 1.0, "sweep.space": {"head.dropout": {"low": 0.0, "high": 0.5}}},
        "train.cutmix: found 1 with train.unfrozen_layers: 0, where the head is trained on pooled features",
    ),
    "decay over no layers": (
        {
            "train.unfrozen_layers": 0,
            "train.layer_decay": 0.5,
            "sweep.space": {"head.dropout": {"low": 0.0, "high": 0.5}},
        },
        "train.layer_decay: found 0.5 with train.unfrozen_layers: 0, where only the head is trained",
    ),
    "a misspelt mixture": ({"train.mix_up": 0.2}, "train.mix_up: unknown key; did you mean train.mixup?"),
    "a crop of nothing": (
        {"images.augmentation.crop": 0.0},
        "images.augmentation.crop: found 0.0; allowed: smallest part",
    ),
    "two ways of augmentation": (
        {"images.augmentation.views": 2, "images.augmentation.on_the_fly": True},
        "views and on_the_fly exclude each other: set views: 0 or on_the_fly: false",
    ),
}


@pytest.mark.parametrize("name", VALUES)
def test_values_that_are_not_allowed(name: str, herbarium: Callable[..., Told], outcome: Callable) -> None:
    changes, says = VALUES[name]
    write_params(changes)
    before = snapshot()
    assert_refused(herbarium("check"), before, "params.yaml: ", says)
    outcome("bad input", "params.yaml", REFUSED, inputs=1)


# The space of a sweep

RATE = "train.learning_rate"
SPACES: dict[str, tuple[Any, str]] = {
    "empty": ({}, "sweep.space: found {}"),
    "unknown key": ({"train.lerning_rate": {"low": 1, "high": 2}}, "did you mean train.learning_rate?"),
    "a seed": ({"train.seed": {"low": 1, "high": 9}}, "a seed is luck, not a parameter"),
    "of another section": ({"data.limit": {"low": 1, "high": 9}}, "sweep.space: data.limit: unknown key"),
    "high below low": ({RATE: {"low": 0.1, "high": 0.01}}, "low is 0.1, high 0.01: low must be below high"),
    "log of zero": ({RATE: {"low": 0, "high": 0.1, "log": True}}, "sweep.space: train.learning_rate: found"),
    "NaN bound": ({RATE: {"low": float("nan"), "high": 1}}, "allowed: {low: …, high: …}"),
    "text bound": ({RATE: {"low": "1e-4", "high": "1e-2"}}, "sweep.space: train.learning_rate: found"),
    "a choice twice": ({"train.optimizer": {"choices": ["adam", "adam"]}}, "sweep.space: train.optimizer: found"),
    "no choice": ({"train.optimizer": {"choices": []}}, "or {choices: […]}"),
    "an illegal choice": ({"train.optimizer": {"choices": ["adam", "adamm"]}}, "train.optimizer: found 'adamm'"),
    "both forms": ({RATE: {"low": 1e-4, "high": 1e-2, "choices": [1]}}, "sweep.space: train.learning_rate: found"),
    "a mistyped word": (
        {RATE: {"low": 1e-4, "hihg": 1e-2}},
        "train.learning_rate.hihg: unknown key; did you mean",
    ),
    "deeper than prepared": ({"train.unfrozen_layers": {"low": 0, "high": 7}}, "lower the first or raise the second"),
}


@pytest.mark.parametrize("name", SPACES)
def test_spaces_that_cannot_be_searched(name: str, herbarium: Callable[..., Told], outcome: Callable) -> None:
    space, says = SPACES[name]
    write_params({"sweep.space": space})
    before = snapshot()
    assert_refused(herbarium("check"), before, "params.yaml: ", says)
    outcome("bad input", "sweep.space", REFUSED, inputs=1)


# claim.yaml

CLAIMS = {
    "not a fraction": (b"margin: 0.05", b"margin: 5", "margin: found 5; allowed: largest difference"),
    "another metric": (b"metric: accuracy", b"metric: loss", "metric: found 'loss'; allowed: accuracy"),
    "half a claim": (b"value: 0.8338", b"value: null", "give both, or null for both"),
    "unknown key": (b"margin:", b"magrin:", "magrin: unknown key; allowed: metric, split"),
    "missing": (b"split: validation", b"", "split: missing; allowed: validation | test"),
    "not UTF-8": (b"metric:", b"\xff:", "claim.yaml: not UTF-8 text"),
    "a tab": (b"margin:", b"\tmargin:", "claim.yaml: not valid YAML"),
    "empty": (None, b"", "claim.yaml"),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_claims_that_claim_nothing(name: str, herbarium: Callable[..., Told], outcome: Callable) -> None:
    old, new, says = CLAIMS[name]
    folder = Path("experiments/tf-flowers-vgg16")
    shutil.copytree(ROOT / folder, folder)
    content = (folder / "claim.yaml").read_bytes()
    assert old is None or old in content
    (folder / "claim.yaml").write_bytes(new if old is None else content.replace(old, new, 1))
    repository.git("init", "--quiet")
    repository.commit()
    before = snapshot()
    assert_refused(herbarium("verify", "tf-flowers-vgg16"), before, says, "claim.yaml")
    outcome("bad input", "claim.yaml", REFUSED, inputs=1)
