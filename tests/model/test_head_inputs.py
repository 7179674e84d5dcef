"""What the head is given, from stored activations, is what the full network computes from the images."""

import keras
import numpy as np
import pytest

from pipeline.files import paths, records
from pipeline.model import assembly, head_inputs

from .conftest import changed


@pytest.mark.parametrize(("unfrozen", "units", "pooling"), [(0, [], "flatten"), (0, [8], "average"), (1, [8], "max")])
def test_features_are_those_of_the_full_network(stored, extracted, params, unfrozen, units, pooling):
    """Also where views are stored: only the images themselves are looked at."""
    params = changed(
        params,
        images={"augmentation": {**params.images.augmentation.model_dump(), "views": 2}},
        head={"units": units, "pooling": pooling, "dropout": 0.0},
        train={"unfrozen_layers": unfrozen},
        backbone={"max_unfrozen_layers": 1},
    )
    extracted(params)
    built = assembly.assemble(params, classes=3)
    assert head_inputs.layer(built) == ("dense1" if units else "logits")
    found, labels = head_inputs.of_split("train", built, most=9)
    rows = np.linspace(0, 36, 9).astype(int)
    np.testing.assert_array_equal(labels, records.read_npy(paths.labels("train"))[rows])
    seeing = keras.Model(built.full.input, built.full.get_layer(head_inputs.layer(built)).input)
    expected = seeing(records.read_npy(paths.images("train"))[rows])
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
