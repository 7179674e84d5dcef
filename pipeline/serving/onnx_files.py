"""Writes a network for ONNX Runtime, by Keras' own export (tf2onnx): in float32, and in int8 as that runtime counts.

Its packages are the extra `onnx`: they are for those who leave with a network, not for those who train one. Class names
and the rest of the description are in the file's own metadata.
"""

import importlib.util
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.process.errors import DataError

DESCRIPTION_KEY = "herbarium"
INPUT, BATCH = "images", "N"
_PACKAGES = ("onnx", "onnxruntime", "tf2onnx")
_OPSET = 18


def require_packages() -> None:
    """Raise DataError, saying how they are had, if packages of the extra are missing."""
    missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise DataError(
            f"--format onnx: {', '.join(missing)} not installed; needed: the extra onnx. In the project:"
            " pip install --constraint requirements.lock '.[onnx]'"
        )


def write(model: Any, description: str, calibration: np.ndarray, folder: Path) -> list[tuple[Path, str]]:
    """Files of `model` (Keras, float32, uint8 (N, H, W, C) → float32 (N, K)) in `folder`, each with its arithmetic."""
    import keras

    whole, counted = folder / "model.float32.onnx", folder / "model.int8.onnx"
    given = keras.InputSpec(dtype="uint8", shape=model.input_shape, name=INPUT)
    with warnings.catch_warnings():
        # Keras looks whether NumPy still has what tf2onnx once used.
        warnings.filterwarnings("ignore", message=r"(?s).*np\.object", category=FutureWarning)
        model.export(str(whole), format="onnx", verbose=False, input_signature=[given], opset_version=_OPSET)
    _describe(whole, description)
    _quantise(whole, counted, calibration)
    _describe(counted, description)
    return [(whole, "float32"), (counted, "int8")]


def _describe(path: Path, description: str) -> None:
    import onnx

    content = onnx.load(str(path))
    onnx.helper.set_model_props(content, {DESCRIPTION_KEY: description})
    for tensor in (*content.graph.input, *content.graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_param = BATCH
    onnx.checker.check_model(content)
    onnx.save(content, str(path))


def _quantise(whole: Path, counted: Path, calibration: np.ndarray) -> None:
    """Weights (per channel) and activations in int8, as ONNX Runtime recommends for CPUs: QDQ, ranges from images."""
    from onnxruntime import quantization

    class Images(quantization.CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._waiting: Iterator[np.ndarray] = iter(calibration)

        def get_next(self) -> dict[str, np.ndarray] | None:
            image = next(self._waiting, None)
            return None if image is None else {INPUT: image[None]}

    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / whole.name
        quantization.quant_pre_process(str(whole), str(prepared), skip_symbolic_shape=True)  # it needs sympy
        quantization.quantize_static(
            str(prepared),
            str(counted),
            Images(),
            per_channel=True,
            weight_type=quantization.QuantType.QInt8,
            activation_type=quantization.QuantType.QInt8,
        )
