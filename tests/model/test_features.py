"""Stored activations, read back: the right ones, undamaged, for every cut."""

import numpy as np
import pytest

from pipeline.files import paths, records
from pipeline.model import assembly, extraction, features
from pipeline.params.schema import Params
from pipeline.process.errors import DataError

from .conftest import changed


def assembled(params: Params, unfrozen: int) -> tuple[assembly.Assembled, Params]:
    params = changed(params, train={"unfrozen_layers": unfrozen})
    return assembly.assemble(params, classes=3), params


@pytest.mark.parametrize(
    ("weights", "deepest", "unfrozen"),
    [("file", 2, 0), ("file", 2, 1), ("file", 2, 2), ("file", 1, 1), ("file", 0, 0), ("none", 1, 0), ("none", 2, 1)],
)
def test_activations_are_those_at_the_cut_whichever_are_stored(stored, extracted, params, weights, deepest, unfrozen):
    params = changed(
        params, backbone={"max_unfrozen_layers": deepest, "weights": weights}, train={"unfrozen_layers": 0}
    )
    extracted(params)
    built, params = assembled(params, unfrozen)
    data = features.examples("validation", built, params)
    images = records.read_npy(paths.images("validation"))
    np.testing.assert_allclose(built.trained(data.inputs), built.logits(images), rtol=1e-3, atol=1e-5)
    np.testing.assert_array_equal(data.labels, records.read_npy(paths.labels("validation")))
    assert data.transforms is None
    assert data.inputs.shape[1:] == built.trained.input.shape[1:]


def test_activations_stored_in_half_precision_are_advanced_too(stored, extracted, params):
    params = changed(params, backbone={"max_unfrozen_layers": 1, "weights": "none"}, compute={"storage": "float16"})
    extracted(params)
    built, params = assembled(params, 0)
    inputs = features.examples("test", built, params).inputs
    assert inputs.dtype == np.float32
    expected = built.logits(records.read_npy(paths.images("test")))
    np.testing.assert_allclose(built.trained(inputs), expected, rtol=1e-2, atol=1e-3)


def test_only_training_images_change_every_epoch(stored, extracted, params):
    settings = params.images.augmentation.model_dump() | {"on_the_fly": True, "shift": 0.3}
    params = changed(params, images={"augmentation": settings})
    extracted(params)
    built, params = assembled(params, 1)
    train, validation = (features.examples(split, built, params) for split in ("train", "validation"))
    assert built.cut.at_input
    assert train.inputs.dtype == np.uint8
    assert validation.transforms is None
    assert train.transforms is not None
    first, second = (train.transforms(epoch)["moves"] for epoch in (1, 2))
    assert first.shape == (37, 8)
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("deepest", [0, 1, 2])
def test_a_byte_changed_on_disk_is_noticed_before_it_is_used(stored, extracted, params, deepest):
    params = changed(params, backbone={"max_unfrozen_layers": deepest}, train={"unfrozen_layers": 0})
    index = extracted(params)
    features.verify("train", index)
    inputs = [*(paths.FEATURES / "train").glob("*.npy"), paths.labels("train")]
    inputs += [paths.images("train")] if deepest == 2 else []
    assert {path.name for path in inputs} == set(index["digests"]["train"])
    for path in inputs:
        content = path.read_bytes()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        with pytest.raises(DataError, match=rf"{path.name}: its bytes are not those extract-features saw"):
            features.verify("train", index)
        path.unlink()
        with pytest.raises(DataError, match=rf"{path.name}: not found"):
            features.verify("train", index)
        path.write_bytes(content)
    features.verify("train", index)


def test_nothing_extracted_yet(project):
    with pytest.raises(DataError, match="nothing has been extracted here yet: run `dvc repro`"):
        features.read_index()


def test_other_weights_than_the_activations_come_from_are_noticed(stored, extracted, params):
    index = extracted(params)
    built, params = assembled(params, 0)
    features.check_weights(built, index, unfrozen=False)
    kernel = built.network.model.get_layer("conv1").kernel
    kernel.assign(kernel + 1e-3)
    assert extraction.weights_digest(built.network) != index["weights"]
    with pytest.raises(DataError, match="made with other weights of convolutions"):
        features.check_weights(built, index, unfrozen=False)
