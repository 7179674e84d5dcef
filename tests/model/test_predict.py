"""Probabilities from stored activations are those of the full network on the images."""

import numpy as np
import pytest

from pipeline.files import paths, records
from pipeline.model import assembly, predict
from pipeline.process.errors import DataError

from .conftest import changed


@pytest.mark.parametrize("unfrozen", [0, 1])
def test_probabilities_are_the_full_networks(stored, extracted, params, unfrozen):
    params = changed(params, train={"unfrozen_layers": unfrozen})
    extracted(params)
    built = assembly.assemble(params, classes=3)
    found = predict.probabilities("test", built, params)
    expected = built.full(records.read_npy(paths.images("test")))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)


def test_features_are_what_the_last_layer_decides_on(stored, extracted, params):
    extracted(params)
    built = assembly.assemble(params, classes=3)
    found = predict.features("validation", built, params)
    logits = found @ built.head.get_layer("logits").kernel.numpy() + built.head.get_layer("logits").bias.numpy()
    expected = built.logits(records.read_npy(paths.images("validation")))
    np.testing.assert_allclose(logits, expected, rtol=1e-3, atol=1e-5)


def test_damaged_activations_are_not_predicted_from(stored, extracted, params):
    extracted(params)
    built = assembly.assemble(params, classes=3)
    path = next((paths.FEATURES / "test").glob("*.npy"))
    path.write_bytes(path.read_bytes()[:-1] + b"\x55")
    with pytest.raises(DataError, match="its bytes are not those extract-features saw"):
        predict.probabilities("test", built, params)
