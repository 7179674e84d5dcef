"""Each published experiment is the published recipe: what was written up, row by row, beside what is on file."""

import pytest

from pipeline.params import config
from tests.conftest import ROOT

TENTHS, CATS = (
    ("train[:80%]", "train[80%:90%]", "train[90%:]"),
    ("train[:2000]", "train[2000:3000]", "train[3000:4000]"),
)
OFFICIAL = ("train[:80%]", "train[80%:]", "test")
SMALL, PLAIN = [32, "pool"], [16, "pool", 32, "pool", 64, "pool"]

# data, splits, height and width, channels, scale
IMAGES = {
    "tf-flowers-cnn": ("tf_flowers", TENTHS, 160, 3, "symmetric"),
    "tf-flowers-vgg16": ("tf_flowers", TENTHS, 160, 3, "symmetric"),
    "cats-vs-dogs-cnn": ("cats_vs_dogs", TENTHS, 160, 3, "symmetric"),
    "cats-vs-dogs-vgg16": ("cats_vs_dogs", TENTHS, 160, 3, "symmetric"),
    "cats-dogs-features": ("cats_vs_dogs", CATS, 150, 3, "unit"),
    "cats-dogs-augmented": ("cats_vs_dogs", CATS, 150, 3, "unit"),
    "cats-dogs-finetuned": ("cats_vs_dogs", CATS, 150, 3, "unit"),
    "fashion-mnist-cnn": ("fashion_mnist", OFFICIAL, 28, 1, "unit"),
    "mnist-mlp": ("mnist", OFFICIAL, 28, 1, "unit"),
    "mnist-cnn": ("mnist", OFFICIAL, 28, 1, "unit"),
    "fashion-mnist-small": ("fashion_mnist", OFFICIAL, 28, 1, "unit"),
    "cifar10-cnn": ("cifar10", OFFICIAL, 32, 3, "unit"),
}
# backbone, its layers, pooling, units, dropout, output, unfrozen layers
NETWORKS = {
    "tf-flowers-cnn": ("convolutions", PLAIN, "flatten", [512], 0.0, "softmax", 3),
    "tf-flowers-vgg16": ("VGG16", [], "average", [512], 0.0, "softmax", 0),
    "cats-vs-dogs-cnn": ("convolutions", PLAIN, "flatten", [512], 0.0, "softmax", 3),
    "cats-vs-dogs-vgg16": ("VGG16", [], "average", [512], 0.0, "softmax", 0),
    "cats-dogs-features": ("VGG16", [], "flatten", [256], 0.5, "sigmoid", 0),
    "cats-dogs-augmented": ("VGG16", [], "flatten", [256], 0.0, "sigmoid", 0),
    "cats-dogs-finetuned": ("VGG16", [], "flatten", [256], 0.0, "sigmoid", 3),
    "fashion-mnist-cnn": ("convolutions", [32, "pool", 64, "pool"], "flatten", [100], 0.4, "softmax", 2),
    "mnist-mlp": ("convolutions", [], "flatten", [512], 0.0, "softmax", 0),
    "mnist-cnn": ("convolutions", SMALL, "flatten", [128], 0.0, "softmax", 1),
    "fashion-mnist-small": ("convolutions", SMALL, "flatten", [128], 0.3, "softmax", 1),
    "cifar10-cnn": ("convolutions", [32, 64, "pool"], "flatten", [128, 64], [0.3, 0.2], "softmax", 2),
}
# optimizer, learning rate, batch, epochs of the head alone and after them, early stopping
TRAINING = {
    "tf-flowers-cnn": ("rmsprop", 1e-3, 20, 0, 5, None),
    "tf-flowers-vgg16": ("adam", 1e-4, 20, 0, 20, None),
    "cats-vs-dogs-cnn": ("rmsprop", 1e-4, 20, 0, 20, None),  # batch and epochs were not given
    "cats-vs-dogs-vgg16": ("rmsprop", 1e-4, 20, 0, 20, None),  # nor here
    "cats-dogs-features": ("rmsprop", 2e-5, 20, 0, 30, None),
    "cats-dogs-augmented": ("rmsprop", 2e-5, 20, 0, 30, None),
    "cats-dogs-finetuned": ("rmsprop", 1e-5, 20, 30, 100, None),
    "fashion-mnist-cnn": ("adam", 1e-3, 32, 0, 20, 2),
    "mnist-mlp": ("sgd", 1e-2, 128, 0, 10, None),
    "mnist-cnn": ("sgd", 1e-2, 128, 0, 10, None),
    "fashion-mnist-small": ("adam", 1e-3, 128, 0, 10, None),
    "cifar10-cnn": ("adam", 1e-3, 128, 0, 10, None),
}
# cached views, on the fly
AUGMENTED = {"cats-dogs-augmented": (0, True), "cats-dogs-finetuned": (4, False)}


@pytest.mark.parametrize("name", IMAGES)
def test_it_is_the_published_recipe(name):
    params = config.load(ROOT / "experiments" / name / "params.yaml")
    splits, shown, backbone, head, train = params.data.splits, params.images, params.backbone, params.head, params.train
    parts = (splits.train, splits.validation, splits.test)
    assert shown.height == shown.width
    assert (params.data.name, parts, shown.height, shown.channels, shown.scale) == IMAGES[name]
    network = (backbone.name, [*backbone.layers], head.pooling, [*head.units], plain(head.dropout), head.output)
    assert (*network, train.unfrozen_layers) == NETWORKS[name]
    rates = (train.optimizer, train.learning_rate, train.batch_size, train.warmup_epochs, train.epochs)
    assert (*rates, train.early_stopping_patience) == TRAINING[name]
    assert (train.schedule, train.weight_decay, train.label_smoothing, train.l2) == ("constant", 0, 0, 0)
    assert backbone.weights == ("imagenet" if backbone.name == "VGG16" else "none")
    assert params.data.limit is None
    assert not head.batch_norm


@pytest.mark.parametrize("name", IMAGES)
def test_only_what_was_published_is_augmented(name):
    found = config.load(ROOT / "experiments" / name / "params.yaml").images.augmentation
    assert (found.views, found.on_the_fly) == AUGMENTED.get(name, (0, False))
    if name in AUGMENTED:
        assert (found.rotation, found.shift, found.zoom, found.flip) == (20, 0.1, 0.1, True)
        assert found.shear == pytest.approx(0.1 * 3.14159 / 180, rel=1e-3)  # published in degrees


def test_the_warm_up_of_the_fine_tuning_is_the_augmented_exercise():
    tuned, before = (
        config.load(ROOT / f"experiments/cats-dogs-{name}/params.yaml").train for name in ("finetuned", "augmented")
    )
    assert (tuned.warmup_epochs, tuned.warmup_learning_rate) == (before.epochs, before.learning_rate)


def plain(dropout: object) -> object:
    return [*dropout] if isinstance(dropout, (list, tuple)) else dropout
