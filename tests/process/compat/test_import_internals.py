"""What Keras takes along, it goes without; whoever asks for it later has it. That Keras does: tests of libraries."""

import importlib
import importlib.util
import sys

import pytest

from pipeline.process.compat import import_internals


def test_inside_they_are_not_there_and_afterwards_they_are(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "sklearn"]:
        monkeypatch.delitem(sys.modules, name)
    with import_internals.without_companions():
        with pytest.raises(ModuleNotFoundError, match="sklearn"):
            importlib.import_module("sklearn")
        assert importlib.util.find_spec("scipy")
    assert importlib.util.find_spec("sklearn")


def test_what_is_there_already_stays():
    import matplotlib

    with import_internals.without_companions():
        assert importlib.import_module("matplotlib") is matplotlib


def test_keras_still_takes_them_along_and_goes_without():
    """Where it has looked for them is guarded; where it no longer looks, the workaround can go."""
    from pathlib import Path

    import keras

    folder = Path(keras.__file__).parent / "src"
    for file, name in (
        ("trainers/data_adapters/array_slicing.py", "import pandas"),
        ("visualization/plot_image_gallery.py", "import matplotlib.pyplot"),
        ("wrappers/sklearn_wrapper.py", "import sklearn"),
    ):
        text = (folder / file).read_text()
        assert f"try:\n    {name}" in text
        assert "except ImportError:" in text
