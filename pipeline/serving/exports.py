"""Writes a network in the formats of other runtimes, each from pixels to probabilities, with its class names inside.

A file carries its description as one more member of a zip archive: a .keras file is one, and to whatever reads LiteRT's
format the archive behind it is an attachment, as its own metadata tools append it. `unzip -p FILE herbarium.json`.
ONNX has a place for it.
"""

import json
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from pipeline.files import records
from pipeline.process.compat import keras_internals
from pipeline.serving import onnx_files

Format = Literal["keras", "saved_model", "litert", "onnx"]
DESCRIPTION = "herbarium.json"
EXTRA = "assets.extra"  # where a SavedModel keeps what TensorFlow does not read
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Exported:
    """A file, or the folder of a SavedModel, and the arithmetic of its weights: float32, float16 or int8."""

    path: Path
    arithmetic: str = "float32"


def write(
    kind: Format, model: Any, description: Mapping[str, Any], calibration: np.ndarray, folder: Path
) -> list[Exported]:
    """Write `model` (Keras, float32, uint8 (N, H, W, C) → float32 (N, K)) into `folder`, in all variants of `kind`.

    `description` goes into each; `calibration`, uint8 (M, H, W, C), are the images that int8 takes its ranges from.
    """
    return {"keras": _keras, "saved_model": _saved_model, "litert": _litert, "onnx": _onnx}[kind](
        model, json.dumps(description, indent=2, ensure_ascii=False), calibration, folder
    )


def _keras(model: Any, description: str, calibration: np.ndarray, folder: Path) -> list[Exported]:
    path = folder / "model.keras"
    model.save(path)
    keras_internals.stabilise(path)
    _attach(path, description)
    return [Exported(path)]


def _saved_model(model: Any, description: str, calibration: np.ndarray, folder: Path) -> list[Exported]:
    path = folder / "saved_model"
    model.export(path, format="tf_saved_model", verbose=False)
    records.write_text(path / EXTRA / DESCRIPTION, description)
    return [Exported(path)]


def _litert(model: Any, description: str, calibration: np.ndarray, folder: Path) -> list[Exported]:
    made = []
    with tempfile.TemporaryDirectory() as saved:
        model.export(saved, format="tf_saved_model", verbose=False)
        for arithmetic, shrink in _VARIANTS.items():
            path = folder / f"model.{arithmetic}.tflite"
            path.write_bytes(_converted(saved, shrink, calibration))
            _attach(path, description)
            made.append(Exported(path, arithmetic))
    return made


def _onnx(model: Any, description: str, calibration: np.ndarray, folder: Path) -> list[Exported]:
    return [Exported(path, kind) for path, kind in onnx_files.write(model, description, calibration, folder)]


def _converted(saved: str, shrink: Callable[[Any, np.ndarray], None], calibration: np.ndarray) -> bytes:
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_saved_model(saved)
    shrink(converter, calibration)
    content: bytes = converter.convert()
    return content


def _leave(converter: Any, images: np.ndarray) -> None:
    """Weights as they are, in float32."""


def _halve(converter: Any, images: np.ndarray) -> None:
    """Weights in float16, computed with in float32."""
    import tensorflow as tf

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]


def _quantise(converter: Any, images: np.ndarray) -> None:
    """Weights and activations in int8 (Jacob et al. 2018); what has no int8 kernel stays in float32."""
    import tensorflow as tf

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([image[None]] for image in images)


_VARIANTS = {"float32": _leave, "float16": _halve, "int8": _quantise}


def _attach(path: Path, description: str) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(zipfile.ZipInfo(DESCRIPTION, date_time=_FIXED_TIME), description)
