"""From images as people have them to class names, with the pipeline's own decoding and resizing.

This file and those it imports (see bundle.py) are copied into every model in MLflow, so a served model needs no
project and prepares images exactly as the pipeline did. They import nothing else from it.
"""

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.data import images
from pipeline.process.errors import DataError, in_one_line
from pipeline.serving import familiarity as familiar
from pipeline.serving.familiarity import FALSE_ALARMS, Familiarity

MODEL, CLASSES, CHECKSUMS = "model.keras", "classes.json", "checksums.json"
FAMILIARITY = "familiarity.npz"  # of models that can tell what they do not know
COLUMN = "image"
_BATCH = 32
_CHANNELS = (1, 3, 4)  # of an image as others have it: grey, RGB, with transparency
_ALLOWED = "allowed: the bytes of an image file, the same in base64, or pixels (H, W), (H, W, 1), (H, W, 3), 0 to 255"


@dataclass(frozen=True)
class Classifier:
    """`model`: Keras, uint8 (N, H, W, C), values 0–255 → probabilities float32 (N, K) of the K `classes`, in order.

    With its `familiarity` it says of images whether they are of a kind it knows; `false_alarms` is the share of images
    as those it learned from that it may call unknown.
    """

    model: Any
    classes: Sequence[str]
    familiarity: Familiarity | None = None
    false_alarms: float = FALSE_ALARMS

    def __post_init__(self) -> None:
        if self.model.output_shape[-1] != len(self.classes):
            raise DataError(
                f"the model tells {self.model.output_shape[-1]} classes apart, and {len(self.classes)} have names"
            )

    def predict(self, inputs: Any, params: Any = None) -> list[dict[str, Any]]:
        """One answer an image: class, its probability, and the probabilities of all classes, the surest first.

        With `familiarity` also `known`, whether it is like the images learned from, `typicality`, the share of held-out
        ones that look no more like those, and `temperature`, which makes probabilities p^(1/temperature), divided by
        their sum, as sure as they should be: `confidence`, of the class.

        `inputs`: a list, an array (N, H, W, C), or a table with the column "image"; each image encoded (bytes or
        base64) or as pixels, of any size. One image alone is [image]. `params` is MLflow's and not used. Raises
        DataError naming the image.
        """
        given = _listed(inputs)
        answers: list[dict[str, Any]] = []
        for start in range(0, len(given), _BATCH):
            batch = [self._prepared(image, start + i) for i, image in enumerate(given[start : start + _BATCH])]
            answers += self._answers(np.stack(batch))
        return answers

    def prepared(self, image: Any) -> np.ndarray:
        """The pixels, uint8 (H, W, C), that the network is given for one image."""
        return self._prepared(image, 0)

    @cached_property
    def _network(self) -> Any:
        """The model as one graph for all numbers of images: `model.predict` sets up a pipeline for each call of it."""
        import tensorflow as tf

        pixels = tf.TensorSpec((None, *self.model.input_shape[1:]), tf.uint8)
        network = _with_features(self.model, self.familiarity.layer) if self.familiarity else self.model

        def answers(images: Any) -> Any:
            # Not by Keras: it calls its operation `cast`, and refuses a network that has a layer of this name.
            return tf.nest.map_structure(lambda found: tf.cast(found, tf.float32), network(images, training=False))

        return tf.function(answers, input_signature=[pixels], autograph=False)

    def _prepared(self, given: Any, number: int) -> np.ndarray:
        _, height, width, channels = self.model.input_shape
        try:
            return images.resize(_pixels(given, channels), height, width)
        except DataError as error:
            raise DataError(f"image {number}: {error}") from None

    def _answers(self, pixels: np.ndarray) -> list[dict[str, Any]]:
        if self.familiarity is None:
            return [self._answer(row) for row in self._network(pixels).numpy()]
        probabilities, features = (tensor.numpy() for tensor in self._network(pixels))
        typicality = self.familiarity.typicality(features, probabilities)
        confidences = self.familiarity.confidences(probabilities).max(axis=1)
        return [
            {
                **self._answer(row),
                "known": bool(share > self.false_alarms),
                "typicality": float(share),
                "confidence": float(confidence),
                "temperature": self.familiarity.temperature,
            }
            for row, share, confidence in zip(probabilities, typicality, confidences, strict=True)
        ]

    def _answer(self, probabilities: np.ndarray) -> dict[str, Any]:
        surest_first = np.argsort(-probabilities, kind="stable")
        named = {self.classes[i]: float(probabilities[i]) for i in surest_first}
        best = self.classes[surest_first[0]]
        return {"class": best, "probability": named[best], "probabilities": named}


def _with_features(model: Any, layer: str) -> Any:
    """`model` with a second output: what `layer` is called with, (N, D)."""
    import keras

    return keras.Model(model.inputs[0], [model.outputs[0], model.get_layer(layer).input])


def _listed(inputs: Any) -> list[Any]:
    if hasattr(inputs, "columns") or isinstance(inputs, dict):
        if list(inputs) != [COLUMN]:
            raise DataError(f"found the columns {list(inputs)}; allowed: one, {COLUMN!r}")
        inputs = inputs[COLUMN]
    if isinstance(inputs, str | bytes) or not isinstance(inputs, Iterable):
        raise DataError(f"found {type(inputs).__name__}; allowed: a list of images")
    given = list(inputs)
    # MLflow makes one row of the "inputs" of a request, whatever their number.
    in_one = len(given) == 1 and isinstance(given[0], list | np.ndarray) and all(isinstance(i, str) for i in given[0])
    _refuse_one_image(given)
    return list(given[0]) if in_one else given


def _refuse_one_image(given: list[Any]) -> None:
    """Raise DataError if `given` are the rows of one image with channels: each would pass for a grey image."""
    height, row = len(given), _shape(given[0]) if given else ()
    if len(row) == 2 and row[1] in _CHANNELS and all(_shape(other) == row for other in given[1:]):
        raise DataError(
            f"found one image of shape {(height, *row)}; allowed: a list of images, [image]; grey images {row[1]}"
            f" pixels wide go as (N, H, {row[1]}, 1)"
        )


def _shape(given: Any) -> tuple[int, ...]:
    """() of what is no array."""
    try:
        return np.shape(given)
    except ValueError:  # rows of different lengths
        return ()


def _pixels(given: Any, channels: int) -> np.ndarray:
    if isinstance(given, str):
        try:
            given = base64.b64decode(given, validate=True)
        except (binascii.Error, ValueError):
            raise DataError(f"found text that is not base64; {_ALLOWED}") from None
    if isinstance(given, bytes):
        return images.decode(given, channels)
    return images.convert(_whole_numbers(given), channels)


def _whole_numbers(given: Any) -> np.ndarray:
    try:
        array = np.asarray(given)
    except ValueError:
        raise DataError(f"found a list with rows of different lengths; {_ALLOWED}") from None
    if array.dtype == np.uint8:
        return array
    numbers = np.issubdtype(array.dtype, np.integer) or np.issubdtype(array.dtype, np.floating)
    if not numbers or array.size == 0 or not ((array >= 0) & (array <= 255) & (array % 1 == 0)).all():
        raise DataError(f"found {array.dtype} {array.shape}, not whole numbers of 0 to 255; {_ALLOWED}")
    return array.astype(np.uint8)


def opened(folder: Path) -> Classifier:
    """The model that `bundle.save_data` wrote into `folder`; nothing in it is run.

    Raises DataError if a file is missing, cannot be read or is not the one that was written there with the others, or
    if the network holds code of its own.
    """
    os.environ["KERAS_BACKEND"] = "tensorflow"  # read by Keras when it is imported: the network was made with it
    import keras

    _check_files(folder)
    try:
        model = keras.saving.load_model(folder / MODEL, compile=False, safe_mode=True)
    except Exception as error:  # whatever a file from elsewhere makes Keras raise
        raise DataError(
            f"{folder / MODEL}: {in_one_line(error)}; allowed: a Keras model without code of its own"
        ) from error
    return Classifier(model, _content(folder / CLASSES, list), _familiarity(folder / FAMILIARITY))


def _content(path: Path, kind: type[list[Any]] | type[dict[str, Any]]) -> Any:
    """What the JSON in `path` says, which is of this kind."""
    with _as_logged(path):
        content = json.loads(path.read_bytes())
        if not isinstance(content, kind):
            raise TypeError(f"found a {type(content).__name__}, not a {kind.__name__}")
        return content


def _familiarity(path: Path) -> Familiarity | None:
    if not path.is_file():
        return None
    with _as_logged(path):
        return familiar.unpacked(path.read_bytes())


@contextmanager
def _as_logged(path: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # whatever a file from elsewhere makes a library raise
        raise DataError(f"{path}: {in_one_line(error)}; allowed: what `herbarium publish` has logged") from error


def checksums(folder: Path) -> dict[str, str]:
    """File → SHA-256 of its bytes, hexadecimal, of what there is in `folder` of the network and what belongs to it."""
    there = [folder / name for name in (MODEL, CLASSES, FAMILIARITY) if (folder / name).is_file()]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in there}


def _check_files(folder: Path) -> None:
    absent = [name for name in (MODEL, CLASSES, CHECKSUMS) if not (folder / name).is_file()]
    if absent:
        raise DataError(f"{folder}: found no {', '.join(absent)}; allowed: a model that `herbarium publish` has logged")
    written, found = _content(folder / CHECKSUMS, dict), checksums(folder)
    wrong = [name for name in sorted({*written, *found}) if written.get(name) != found.get(name)]
    if wrong:
        raise DataError(f"{folder}: {' and '.join(wrong)} changed after the model was saved; publish it again")


def _load_pyfunc(folder: str) -> Classifier:
    """The entry point MLflow calls. The graph is made now, so that the first request waits no longer than others."""
    served = opened(Path(folder))
    served.predict(np.zeros((1, *served.model.input_shape[1:]), np.uint8))
    return served
