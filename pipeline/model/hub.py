"""Networks of KerasHub as backbones: their encoders unrolled into blocks, so that a cut can lie between two.

There an encoder is one layer that holds all its blocks. What it does with a tensor is written down here as a graph of
the blocks themselves, which share its weights.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pipeline.model import graph, hub_presets
from pipeline.model.cuts import Network
from pipeline.model.scaling import scaled
from pipeline.process.compat import keras_hub_internals
from pipeline.process.errors import ConfigError, in_one_line

if TYPE_CHECKING:
    from pipeline.params.images_section import Images
    from pipeline.params.network_sections import Backbone

_ENCODERS = ("DeiTEncoder", "DINOV2Encoder", "DINOV3Encoder", "SwinTransformerStage", "ViTEncoder")
_SAY_MORE = ("DeiTEncoder",)  # else its blocks say None of what they do not say, and Keras has no place for that
_OF_SIZE_ONLY = ("DINOV3RopePositionEmbedding",)  # they look at the images' size, which is fixed here
_NOT_TRAINED = ("DINOV2Embedding",)  # it is not saved as it was trained: its positions are interpolated back and forth
_ANY_SIZE = ("DINOV2Backbone", "DINOV3Backbone")  # whose weights fit images of other sizes
_CLASS_TOKEN = ("DeiTBackbone", "DINOV2Backbone", "DINOV3Backbone")
_RANDOM = ("attention_dropout", "drop_path", "drop_path_rate", "dropout_rate")


def read(backbone: Backbone, images: Images, pixels: Any, root: Path) -> Network:
    """The network of a preset from `pixels`, uint8 (N, H, W, C), to its last tokens (N, T, D), map or vector.

    Raises ConfigError if there is no such preset, or it does not take these images.
    """
    place = hub_presets.folder(backbone.name, root / backbone.path)
    said = hub_presets.configuration(place)
    hub_presets.library()
    try:
        loaded = _loaded(place, said, images, load_weights=backbone.weights != "none")
        _require_size(loaded, pixels)
        blocks = _unrolled(loaded)
        network = keras.Model(pixels, graph.replay(blocks, _prepared(images.scale, place, pixels)), name=_name(said))
    except ConfigError:
        raise
    except Exception as error:
        raise ConfigError(
            f"params.yaml: backbone: the KerasHub preset at {place} cannot be used: {in_one_line(error)}; allowed: a"
            f" network from images of shape {tuple(pixels.shape[1:])} to tokens, a feature map or a vector"
        ) from error
    _settle(network)
    tokens = len(network.output.shape) == 3
    return Network(network, tokens and bool(getattr(loaded, "use_class_token", said["class_name"] in _CLASS_TOKEN)))


def _loaded(place: Path, said: dict[str, Any], images: Images, load_weights: bool) -> Any:
    """The network as KerasHub builds it, without dropout: what is computed once could not have it."""
    changes: dict[str, Any] = {name: 0.0 for name in _RANDOM if name in said["config"]}
    if "image_shape" in said["config"] and (said["class_name"] in _ANY_SIZE or not load_weights):
        changes["image_shape"] = (images.height, images.width, images.channels)
    loaded = hub_presets.library().models.Backbone.from_preset(str(place), load_weights=load_weights, **changes)
    return getattr(loaded, "vision_encoder", loaded)  # of a network of images and texts


def _require_size(loaded: Any, pixels: Any) -> None:
    takes = tuple(loaded.inputs[0].shape[1:])
    if any(wanted not in (None, found) for wanted, found in zip(takes, pixels.shape[1:], strict=True)):
        raise ConfigError(
            f"params.yaml: images: found height, width, channels {tuple(pixels.shape[1:])}; allowed for the KerasHub"
            f" preset {loaded.name} with its weights: {takes}"
        )


def _unrolled(loaded: Any) -> Any:
    """What the network says (a KerasTensor), made of the layers that its encoders hold."""
    return keras.models.clone_model(loaded, clone_function=lambda layer: layer, call_function=_called).outputs[0]


def _called(layer: Any, *arguments: Any, **options: Any) -> Any:
    kind = type(layer).__name__
    if kind in _OF_SIZE_ONLY:
        return layer(np.zeros((1, *arguments[0].shape[1:]), np.float32))
    if kind not in _ENCODERS:
        keras_hub_internals.count_patches(type(layer))
        return layer(*arguments, **options)
    if kind in _SAY_MORE:
        options = {**options, "return_attention_scores": True}
    for inner in (*getattr(layer, "blocks", ()), getattr(layer, "downsample", None)):
        if inner is not None:  # the stages of one network call theirs alike
            inner.name = f"{layer.name}_{inner.name}"
    return layer.call(*arguments, **options)


def _prepared(scale: str, place: Path, pixels: Any) -> Any:
    """Pixels as the preset was trained with them (`backbone`), or scaled."""
    if scale != "backbone":
        return scaled(scale, pixels)
    try:
        converter = hub_presets.library().layers.ImageConverter.from_preset(str(place))
    except Exception as error:
        raise ConfigError(
            f"params.yaml: images.scale: found 'backbone', and the KerasHub preset at {place} does not say how its"
            f" images are prepared ({in_one_line(error)}): set unit or symmetric"
        ) from error
    factor = 1.0 if converter.scale is None else converter.scale
    return keras.layers.Rescaling(factor, 0.0 if converter.offset is None else converter.offset, name="scale")(pixels)


def _settle(network: keras.Model) -> None:
    for layer in network.layers:
        layer.trainable = type(layer).__name__ not in _NOT_TRAINED
        if type(layer).__module__.startswith("keras_hub."):
            keras_hub_internals.save_as_built(type(layer))


def _name(said: dict[str, Any]) -> str:
    return str(said["config"].get("name") or said["class_name"])
