"""Starts TensorFlow and Keras the same way everywhere, whatever the shell says and whatever keras.json holds."""

import os
import warnings
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from pipeline.identity import variables
from pipeline.process import importing, quiet
from pipeline.process.compat import import_internals
from pipeline.process.errors import MachineError


def start() -> None:
    """Import TensorFlow and Keras, silently unless TF_CPP_MIN_LOG_LEVEL is 0; they then report errors only.

    Raises MachineError if one of them has started in a way that gives other bits, or cannot start at all.
    """
    variables.settle()
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # not all of a card's memory: others train there, too
    silent = os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3") != "0"
    with quiet.native_output() if silent else nullcontext(), import_internals.without_companions():
        tf, keras = _imported()
    _settle(keras)
    if silent:
        import absl.logging

        tf.get_logger().setLevel("ERROR")
        absl.logging.set_verbosity(absl.logging.ERROR)
        warnings.filterwarnings("ignore", module="keras|tensorflow_datasets")


def _imported() -> tuple[Any, Any]:
    try:
        with importing.uncollected():
            import keras
            import tensorflow as tf
    except (ValueError, AttributeError, TypeError) as error:  # what Keras makes of a configuration that is none
        raise MachineError(
            f"{_keras_home() / 'keras.json'} (or a variable KERAS_…): Keras does not start with it: {error}. Delete the"
            " file or mend it; nothing that it may say is used here"
        ) from error
    return tf, keras


def _settle(keras: Any) -> None:
    """Undo what the keras.json of other projects says."""
    if keras.config.backend() != "tensorflow":
        raise MachineError(
            f"Keras was imported with the backend {keras.config.backend()}; allowed: tensorflow. Start a new process"
            " without KERAS_BACKEND"
        )
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")


def _keras_home() -> Path:
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
