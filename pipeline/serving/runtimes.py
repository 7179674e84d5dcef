"""Opens an exported network in the runtime it was made for, as whoever gets the file does."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.process.errors import DataError

Ask = Callable[[np.ndarray], np.ndarray]  # uint8 (N, H, W, C) → probabilities float32 (N, K)


def opened(path: Path, threads: int) -> Ask:
    """The network in `path`, by its name: a .keras, .tflite or .onnx file, or the folder of a SavedModel."""
    if path.is_dir():
        return _saved_model(path)
    if path.suffix == ".keras":
        return _keras(path)
    if path.suffix == ".tflite":
        return _litert(path, threads)
    if path.suffix == ".onnx":
        return _onnx(path, threads)
    raise DataError(
        f"{path}: found the ending {path.suffix or 'none'}; allowed: .keras, .tflite, .onnx, a SavedModel's folder"
    )


def _keras(path: Path) -> Ask:
    import keras

    model = keras.saving.load_model(path, compile=False, safe_mode=True)
    return lambda images: np.asarray(model(images, training=False))


def _saved_model(path: Path) -> Ask:
    import tensorflow as tf

    network = tf.saved_model.load(str(path))
    return lambda images: np.asarray(network.serve(tf.constant(images)))


def _litert(path: Path, threads: int) -> Ask:
    import tensorflow as tf

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"(?s).*tf\.lite\.Interpreter is deprecated")
        interpreter = tf.lite.Interpreter(model_path=str(path), num_threads=threads)
    return _by_signature(interpreter.get_signature_runner())


def _onnx(path: Path, threads: int) -> Ask:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()

    def ask(images: np.ndarray) -> np.ndarray:
        (probabilities,) = session.run(None, {given.name: images})
        return np.asarray(probabilities)

    return ask


def _by_signature(runner: Any) -> Ask:
    (given,), (answer,) = runner.get_input_details(), runner.get_output_details()

    def ask(images: np.ndarray) -> np.ndarray:
        probabilities: np.ndarray = runner(**{given: images})[answer]
        return probabilities.copy()  # the runtime's own memory, which the next call overwrites

    return ask
