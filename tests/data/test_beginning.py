"""Splits drawn from a folder that has none: validation has what a level of 5 % needs, and most is left to train on."""

from pathlib import Path

import pytest
from tensorflow_datasets.core.splits import ReadInstruction, SplitInfo

from pipeline.data import beginning
from pipeline.data.survey import Survey
from pipeline.params import editing


@pytest.mark.parametrize(
    ("splits", "expected", "said"),
    [
        ({"train": 4000}, ("train[:80%]", "train[80%:90%]", "train[90%:]"), ""),
        ({"train": 200}, ("train[:80%]", "train[80%:90%]", "train[90%:]"), ""),
        ({"train": 154}, ("train[:70%]", "train[70%:85%]", "train[85%:]"), "few images, so 15 % of them"),
        ({"train": 100}, ("train[:60%]", "train[60%:80%]", "train[80%:]"), "few images, so 20 % of them"),
        ({"train": 96}, ("train[:60%]", "train[60%:80%]", "train[80%:]"), "few images, so 20 % of them are for valid"),
        ({"train": 12}, ("train[:60%]", "train[60%:80%]", "train[80%:]"), "few images, so 20 % of them are for valid"),
        ({"train": 60, "test": 9}, ("train[:60%]", "train[60%:]", "test"), "few images, so 40 % of them"),
        ({"train": 60, "validation": 9}, ("train[:90%]", "validation", "train[90%:]"), ""),
        ({"train": 60, "validation": 9, "test": 9}, ("train", "validation", "test"), ""),
    ],
)
def test_few_images_are_shared_by_what_validation_needs(
    project: Path, splits: dict[str, int], expected: tuple[str, str, str], said: str
) -> None:
    looked = Survey(splits, {"a": 5, "b": 5}, 200, grey=False)
    found = beginning.of((project / "params.yaml").read_text(), "photos", looked, None).params.data.splits
    assert (found.train, found.validation, found.test) == expected
    assert beginning.drawn(looked).startswith(said)
    assert ("accuracies are rough" in beginning.drawn(looked)) == (splits == {"train": 12})
    assert bool(beginning.drawn(looked)) == bool(said)


@pytest.mark.parametrize("found", [("train",), ("train", "test")])
def test_the_count_it_says_is_the_one_that_is_drawn(project: Path, found: tuple[str, ...]) -> None:
    """By TFDS' own rounding, which `preprocess` draws by."""
    for images in range(4, 200):
        looked = Survey({"train": images, **dict.fromkeys(found[1:], 9)}, {"a": images // 2, "b": 9}, 200, grey=False)
        stored = SplitInfo(name="train", shard_lengths=[images], num_bytes=0)
        wanted = beginning._splits(looked.splits)["validation"]
        (cut,) = ReadInstruction.from_spec(wanted).to_absolute({"train": stored})
        count = (images if cut.to is None else cut.to) - cut.from_
        assert not (said := beginning.drawn(looked)) or f"for validation, {count} of {images}" in said


def test_what_the_present_parameters_have_for_other_classes_is_taken_back(project: Path) -> None:
    """Training would stop at a weight of a class that is none, and at one logit for three."""
    old = {"train.class_weights": {"a": 2.0, "rose": 3.0}, "head.output": "sigmoid"}
    present = editing.with_values((project / "params.yaml").read_text(), old, "params.yaml")
    three = Survey({"train": 400}, dict.fromkeys("abc", 5), 200, grey=False)
    found = beginning.of(present, "photos", three, None).params
    assert (found.train.class_weights, found.head.output) == ("none", "softmax")
    theirs = Survey({"train": 400}, {"a": 5, "rose": 5}, 200, grey=False)
    kept = beginning.of(present, "photos", theirs, None).params
    assert (kept.train.class_weights, kept.head.output) == ({"a": 2.0, "rose": 3.0}, "sigmoid")


def test_what_published_experiments_allow_and_need_is_taken_back(project: Path) -> None:
    """Leaks of their images, weights that are not here, and colours that these have not."""
    old = {"data.allow_leaks": True, "backbone.path": "gone.h5", "images.augmentation.saturation": 0.2}
    present = editing.with_values((project / "params.yaml").read_text(), old | {"images.channels": 3}, "params.yaml")
    grey = Survey({"train": 400}, dict.fromkeys("abc", 5), 200, grey=True)
    found = beginning.of(present, "photos", grey, None).params
    assert (found.data.allow_leaks, found.images.augmentation.saturation, found.images.channels) == (False, 0, 1)
    assert found.backbone.path == "pipeline/model/fashion_cnn/backbone.weights.h5"
    coloured = Survey({"train": 400}, dict.fromkeys("abc", 5), 200, grey=False)
    (project / "gone.h5").touch()
    found = beginning.of(present, "photos", coloured, "VGG16").params
    assert (found.images.augmentation.saturation, found.backbone.path) == (0.2, "gone.h5")


def test_what_the_present_parameters_have_for_other_networks_is_taken_back(project: Path) -> None:
    """Copies are stored above frozen layers only; what begins from nothing has none, and no class token."""
    old = {"images.augmentation.views": 2, "images.augmentation.flip": True, "head.pooling": "cls"}
    present = editing.with_values((project / "params.yaml").read_text(), old, "params.yaml")
    photographs = Survey({"train": 400}, dict.fromkeys("abc", 5), 200, grey=False)
    scratch, published = (beginning.of(present, "photos", photographs, name).params for name in (None, "VGG16"))
    assert (scratch.images.augmentation.views, scratch.images.augmentation.on_the_fly) == (0, True)
    assert (published.images.augmentation.views, published.images.augmentation.on_the_fly) == (2, False)
    assert scratch.images.augmentation.flip is published.images.augmentation.flip is True
    assert scratch.head.pooling == published.head.pooling == "average"
