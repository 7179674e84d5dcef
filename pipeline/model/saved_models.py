"""Whole saved models as backbones: up to their last map or tokens, and nothing left out but a classifier."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from pipeline.model import graph, trunk, weights_files
from pipeline.model.cuts import Network
from pipeline.model.scaling import scaled
from pipeline.process.compat import keras_internals
from pipeline.process.errors import ConfigError, in_one_line

# What our own layers are called, and the files that activations lie beside.
_OURS = re.compile(
    r"images|pool(ed|ing|ing_class_token)|(dense|batch_norm)\d+|dropout\d*|logits|positive|negative|probabilities"
    r"|labels|weights"
)


def read(path: Path, scale: str, pixels: Any) -> Network:
    """A saved functional model up to its last feature map (N, H, W, C) or tokens (N, T, D), all of it trainable.

    Its own scaling is used if it takes uint8. Raises ConfigError if there is no such model at `path`, if it holds code
    of its own, if something would be left out that is no classifier and does something outside of training, or if its
    layers are called as ours or compute in half precision where that is not asked for.
    """
    weights_files.check(path, ".keras", "a saved backbone")
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
        _require_one(model.outputs)
        keras_internals.without_dropout(model)
        own_scaling = keras.backend.standardize_dtype(model.inputs[0].dtype) == "uint8"
        images = pixels if own_scaling else scaled(scale, pixels)
        found = trunk.of(graph.replay(model.outputs[0], images, take_apart=True, random=_left_out))
        rebuilt = keras.Model(pixels, found.output, name="saved")
        _require_usable(rebuilt)
    except Exception as error:
        raise ConfigError(
            f"params.yaml: backbone.path: {path} cannot be used: {in_one_line(error)}; allowed: a functional Keras"
            f" model without code of its own, from images of shape {tuple(pixels.shape[1:])} to one feature map or"
            " one row of tokens, and a classifier on it"
        ) from error
    for layer in rebuilt.layers:
        layer.trainable = True  # it may have been saved frozen
    return Network(rebuilt, found.class_token, found.classifier)


def _left_out(layer: Any, tensor: Any, *others: Any) -> Any:
    """`tensor` itself, of a layer that draws at random: outside of training it does nothing.

    Raises ValueError if it does something. The values are exact in every precision.
    """
    shape = (2, *tensor.shape[1:])
    sample = (np.arange(np.prod(shape), dtype="float32") % 17 - 8).reshape(shape)
    alone = not others and layer.output.shape == layer.input.shape
    if not alone or not np.array_equal(keras.ops.cast(layer(sample, training=False), "float32"), sample):
        raise ValueError(
            f"its layer {layer.name} ({type(layer).__name__}) draws at random and does something else, too"
        )
    return tensor


def _require_usable(model: keras.Model) -> None:
    taken = [layer.name for layer in model.layers[1:] if _OURS.fullmatch(layer.name)]
    if taken:
        raise ValueError(f"layers are called {', '.join(taken)}, as those put on top of it are: give them other names")
    half = next((layer for layer in model.layers if layer.compute_dtype in ("bfloat16", "float16")), None)
    if half and keras.config.dtype_policy().compute_dtype == "float32":
        raise ValueError(
            f"its layer {half.name} computes in {half.compute_dtype}, and compute.precision is float32: save it with"
            " the policy float32"
        )


def _require_one(outputs: Sequence[Any]) -> None:
    if len(outputs) > 1:
        names = ", ".join(str(keras_internals.maker(tensor)[0].name) for tensor in outputs)
        raise ValueError(f"it has {len(outputs)} outputs ({names}): save it with one, keras.Model(inputs, output)")
