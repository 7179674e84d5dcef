"""Whole saved models as backbones: up to their last map or tokens, and nothing left out but a classifier."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from pipeline.model import graph, trunk, weights_files
from pipeline.model.cuts import Network
from pipeline.model.scaling import scaled
from pipeline.process.compat import keras_internals
from pipeline.process.errors import ConfigError, in_one_line


def read(path: Path, scale: str, pixels: Any) -> Network:
    """A saved functional model up to its last feature map (N, H, W, C) or tokens (N, T, D), all of it trainable.

    Its own scaling is used if it takes uint8. Raises ConfigError if there is no such model at `path`, if it holds code
    of its own, or if something with weights that is no classifier would be left out.
    """
    weights_files.check(path, ".keras", "a saved backbone")
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
        _require_one(model.outputs)
        keras_internals.without_dropout(model)
        own_scaling = keras.backend.standardize_dtype(model.inputs[0].dtype) == "uint8"
        whole = graph.replay(model.outputs[0], pixels if own_scaling else scaled(scale, pixels), take_apart=True)
        found = trunk.of(whole)
        rebuilt = keras.Model(pixels, found.output, name="saved")
    except Exception as error:
        raise ConfigError(
            f"params.yaml: backbone.path: {path} cannot be used: {in_one_line(error)}; allowed: a functional Keras"
            f" model without code of its own, from images of shape {tuple(pixels.shape[1:])} to one feature map or"
            " one row of tokens, and a classifier on it"
        ) from error
    for layer in rebuilt.layers:
        layer.trainable = True  # it may have been saved frozen
    return Network(rebuilt, found.class_token, found.classifier)


def _require_one(outputs: Sequence[Any]) -> None:
    if len(outputs) > 1:
        names = ", ".join(str(keras_internals.maker(tensor)[0].name) for tensor in outputs)
        raise ValueError(f"it has {len(outputs)} outputs ({names}): save it with one, keras.Model(inputs, output)")
