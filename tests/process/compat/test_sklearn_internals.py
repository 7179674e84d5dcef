import numpy as np
from sklearn.datasets import load_digits

from pipeline.process.compat import sklearn_internals


def test_the_scans_are_those_scikit_learn_gives(monkeypatch):
    expected = load_digits(return_X_y=True)
    monkeypatch.setattr(sklearn_internals, "_asked", lambda: None)  # the file is found without it
    for found, wanted in zip(sklearn_internals.digits(), expected, strict=True):
        assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape)
        np.testing.assert_array_equal(found, wanted)


def test_where_the_file_is_elsewhere_its_function_is_asked(monkeypatch):
    expected = sklearn_internals.digits()
    monkeypatch.setattr(sklearn_internals, "find_spec", lambda name: None)
    for found, wanted in zip(sklearn_internals.digits(), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)
