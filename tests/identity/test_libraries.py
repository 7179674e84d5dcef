"""TensorFlow and Keras start the same way, whatever a keras.json or a shell says: in words, if they cannot."""

import json
import os
import subprocess
import sys

import keras
import pytest

from pipeline.identity import libraries
from pipeline.process.errors import MachineError

from ..root import ROOT

PROGRAM = """
import json
import os
from pipeline.identity import libraries
from pipeline.process.errors import HerbariumError
try:
    libraries.start()
except HerbariumError as error:
    print(json.dumps(str(error)))
else:
    import keras
    from tensorflow.python.util import _pywrap_util_port
    import sys
    taken_along = [name for name in ("matplotlib", "pandas", "sklearn") if name in sys.modules]
    import matplotlib, pandas, sklearn
    assert not taken_along, taken_along
    assert os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] == "true"
    print(json.dumps([keras.config.backend(), keras.config.image_data_format(), keras.config.floatx(),
                      keras.config.epsilon(), bool(_pywrap_util_port.IsMklEnabled())]))
"""


def started(home, **environment: str):
    """What comes of a start in a new process, with a keras.json in `home`."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env=os.environ | {"KERAS_HOME": str(home)} | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(ran.stdout)


@pytest.mark.slow
def test_a_shell_and_a_keras_json_of_other_projects_change_nothing(tmp_path):
    foreign = {"backend": "theano", "image_data_format": "channels_first", "floatx": "float64", "epsilon": 1e-3}
    (tmp_path / "keras.json").write_text(json.dumps(foreign))
    shell = {"TF_ENABLE_ONEDNN_OPTS": "0", "KERAS_BACKEND": "jax", "TF_USE_LEGACY_KERAS": "1", "TF_XLA_FLAGS": "--no"}
    onednn = os.uname().machine == "x86_64"
    assert started(tmp_path, **shell) == ["tensorflow", "channels_last", "float32", 1e-7, onednn]


@pytest.mark.slow
@pytest.mark.parametrize("content", ['{"floatx": "bfloat16"}', "[]", '{"epsilon": "small"}'])
def test_a_keras_json_that_keras_does_not_start_with_is_named(tmp_path, content):
    (tmp_path / "keras.json").write_text(content)
    assert str(tmp_path / "keras.json") in started(tmp_path)


def test_what_keras_was_told_since_is_undone(monkeypatch):
    keras.config.set_image_data_format("channels_first")
    keras.config.set_floatx("float64")
    libraries.start()
    assert (keras.config.image_data_format(), keras.config.floatx()) == ("channels_last", "float32")


def test_another_backend_is_refused(monkeypatch):
    monkeypatch.setattr(keras.config, "backend", lambda: "jax")
    with pytest.raises(MachineError, match=r"imported with the backend jax; allowed: tensorflow\. Start a new process"):
        libraries.start()
