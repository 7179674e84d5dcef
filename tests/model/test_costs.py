"""What cuts cost: multiply-adds, bytes and parameters, against counting by hand."""

import keras
import pytest

from pipeline.files import paths, records
from pipeline.model import assembly, costs

from .conftest import changed


def test_the_table_of_the_default_network(params, project):
    params = changed(params, backbone={"max_unfrozen_layers": 2})  # 16 × 16 grey → 32 filters, pool, 64 filters, pool
    frozen, upper, everything = costs.table(params, classes=3)
    first, second, head = 16 * 16 * 9 * 32, 8 * 8 * 9 * 32 * 64, 64 * 8 + 8 * 3
    assert [(cost.cut, cost.shape) for cost in (frozen, upper, everything)] == [
        *[("pool4", (64,)), ("pool2", (8, 8, 32)), ("images", (16, 16, 1))]
    ]
    assert [cost.bytes_per_image for cost in (frozen, upper, everything)] == [64 * 4, 8 * 8 * 32 * 4, 256]
    assert [cost.below for cost in (frozen, upper, everything)] == [first + second, first, 0]
    assert [cost.above for cost in (frozen, upper, everything)] == [head, second + head, first + second + head]


@pytest.mark.parametrize("unfrozen", [0, 1, 2])
def test_trained_parameters_are_those_of_the_assembled_network(params, unfrozen):
    params = changed(params, backbone={"max_unfrozen_layers": 2}, train={"unfrozen_layers": unfrozen})
    counted = assembly.parameter_counts(assembly.assemble(params, classes=3))["trainable"]
    assert costs.table(params, classes=3)[unfrozen].trainable == counted


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (keras.layers.Conv2D(5, 3, strides=2, padding="same"), 4 * 4 * 9 * 3 * 5),
        (keras.layers.Conv2D(6, 3, groups=3, padding="same"), 8 * 8 * 9 * 1 * 6),
        (keras.layers.DepthwiseConv2D(3, padding="same"), 8 * 8 * 9 * 3),
        (keras.layers.SeparableConv2D(5, 3, padding="same"), 8 * 8 * (9 * 3 + 3 * 5)),
        (keras.layers.Dense(7), 8 * 8 * 3 * 7),
        (
            keras.Sequential([keras.layers.Input((8, 8, 3)), keras.layers.Conv2D(5, 3), keras.layers.Dense(7)]),
            6 * 6 * 170,
        ),
        (keras.layers.BatchNormalization(), 0),
        (keras.layers.ReLU(), 0),
    ],
)
def test_multiply_adds(layer, expected):
    assert costs.multiply_adds(layer, layer(keras.Input((8, 8, 3)))) == expected


def test_the_table_is_printed(params, project, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")  # a terminal that is narrower breaks lines, and no words in columns
    costs.print_table(params)
    printed = capsys.readouterr().out
    assert "where it can be cut" in printed
    assert "unfrozen  cut above  activations  KB/image" in printed
    assert "8×8×32" in printed
    assert "no images here yet, so the head is that of 10 classes. `dvc repro preprocess` brings" in printed


def test_with_images_it_is_of_their_classes_and_needs_no_weights(params, project, capsys, monkeypatch):
    """As in a fresh clone without internet, where ImageNet's weights are not at hand."""
    records.write_json(paths.CLASSES, ["a", "b", "c"])
    imagenet = {"name": "MobileNet", "weights": "imagenet", "layers": [], "max_unfrozen_layers": 0}
    monkeypatch.setattr(keras.utils, "get_file", lambda *_, **__: pytest.fail("weights were asked for"))
    images, train = {"height": 32, "width": 32, "channels": 3}, {"unfrozen_layers": 0}
    costs.print_table(changed(params, images=images, backbone=imagenet, train=train))
    printed = capsys.readouterr().out
    assert "no images here yet" not in printed
    assert "MobileNet: where it can be cut" in printed
