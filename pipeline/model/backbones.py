"""Backbones by name: keras.applications, a list of convolutions, or a saved model; all take uint8 images."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import keras
import numpy as np

from pipeline.files import paths
from pipeline.model import graph
from pipeline.model.cuts import Network
from pipeline.params.suggestions import did_you_mean
from pipeline.process.compat import keras_internals
from pipeline.process.errors import ConfigError, in_one_line

if TYPE_CHECKING:
    from pipeline.params.images_section import Images
    from pipeline.params.network_sections import Backbone

DOWNLOAD_TIMEOUT_SECONDS = 20
SIZES_WITH_WEIGHTS = (96, 128, 160, 192, 224)  # MobileNet has no 96: it takes those of 224 there


def build(backbone: Backbone, images: Images, seed: int = 0, root: Path = Path()) -> Network:
    """The network from uint8 (N, H, W, C) images to the backbone's output, with its weights, nothing frozen.

    `seed` decides random weights (`weights: none`); relative paths count from `root`. Raises ConfigError if the name,
    the size or the weights do not fit.
    """
    keras_internals.restart_names()
    keras.utils.set_random_seed(seed)
    pixels = keras.Input((images.height, images.width, images.channels), dtype="uint8", name="images")
    if saved := paths.saved_backbone(backbone.name, backbone.path):
        return Network(_saved(root / saved, images.scale, pixels))
    return Network(_named(backbone, images, pixels, root))


def _named(backbone: Backbone, images: Images, pixels: Any, root: Path) -> keras.Model:
    if backbone.name == "convolutions":
        model = convolutions(_scaled(images.scale, pixels), backbone.layers, pixels)
    else:
        model = _application(backbone, images, pixels)
    if backbone.weights == "file":
        _load_weights(model, root / backbone.path)
    return model


def convolutions(tensor: Any, layers: list[Any], pixels: Any) -> keras.Model:
    """3×3 convolutions ("same", relu) with the given numbers of filters, and 2×2 maximum "pool"s."""
    for index, layer in enumerate(layers, start=1):
        if layer == "pool":
            tensor = keras.layers.MaxPooling2D(name=f"pool{index}")(tensor)
        else:
            tensor = keras.layers.Conv2D(layer, 3, padding="same", activation="relu", name=f"conv{index}")(tensor)
    return keras.Model(pixels, tensor, name="convolutions")


def application(name: str) -> tuple[Callable[..., keras.Model], Any]:
    """The constructor of a keras.applications network and the module that holds its `preprocess_input`."""
    constructors = {n: c for n, c in vars(keras.applications).items() if inspect.isfunction(c)}
    if name not in constructors:
        suggestion = did_you_mean(name, [*constructors, "convolutions", "saved"])
        raise ConfigError(f"params.yaml: backbone.name: found {name!r}{suggestion}")
    family = constructors[name].__module__.rpartition(".")[2]
    return constructors[name], importlib.import_module(f"keras.applications.{family}")


def _application(backbone: Backbone, images: Images, pixels: Any) -> keras.Model:
    constructor, module = application(backbone.name)
    _check_scale(backbone.name, module, images.scale)
    if images.scale == "backbone":
        # Casting first: preprocess_input computes in the type it is given.
        tensor = module.preprocess_input(keras.layers.Rescaling(1.0, name="cast")(pixels))
    else:
        tensor = _scaled(images.scale, pixels)
    weights = "imagenet" if backbone.weights == "imagenet" else None
    shape = published_shape(images) if weights else None
    with keras_internals.noted_downloads() as wanted, keras_internals.impatient_downloads(DOWNLOAD_TIMEOUT_SECONDS):
        try:
            model = constructor(include_top=False, weights=weights, input_tensor=tensor, input_shape=shape)
        except ValueError as error:
            raise ConfigError(
                f"params.yaml: backbone.name: {backbone.name} cannot take these images: {error}"
            ) from error
        except Exception as error:
            if not wanted:
                raise
            raise ConfigError(_not_downloaded(backbone.name, wanted[-1], error)) from error
    return keras.Model(pixels, graph.replay(model.output, pixels), name=backbone.name)


def published_shape(images: Images) -> tuple[int, int, int] | None:
    """(H, W, C) where some networks (MobileNet, MobileNetV2) have weights of their own for that size; else None."""
    square = images.height == images.width and images.height in SIZES_WITH_WEIGHTS
    return (images.height, images.width, images.channels) if square else None


def _not_downloaded(name: str, wanted: keras_internals.Download, error: Exception) -> str:
    cause = error.__context__ or error
    return (
        f"params.yaml: backbone.weights: imagenet: {name}'s weights are not at {wanted.path}, and could not be"
        f" downloaded from {wanted.url} ({type(cause).__name__}: {cause}); put the file there from another machine,"
        " or anywhere and set weights: file and path"
    )


def _check_scale(name: str, module: Any, scale: str) -> None:
    """Raise ConfigError if a network that scales images itself is to be given scaled ones: it would see nothing."""
    grey = np.full((1, 1, 1, 3), 100.0)
    if scale != "backbone" and np.array_equal(module.preprocess_input(grey.copy()), grey):
        raise ConfigError(f"params.yaml: images.scale: found {scale!r}, but {name} scales images itself: set backbone")


def _scaled(scale: str, pixels: Any) -> Any:
    """[0, 255] → [0, 1] (unit) or [-1, 1] (symmetric)."""
    factor, offset = {"unit": (1 / 255, 0.0), "symmetric": (1 / 127.5, -1.0)}[scale]
    return keras.layers.Rescaling(factor, offset, name="scale")(pixels)


def _load_weights(model: keras.Model, path: Path) -> None:
    _check_file(path, ".h5", "weights: file")
    try:
        model.load_weights(path)
        _require_all_taken(model, path)
    except Exception as error:
        raise ConfigError(
            f"params.yaml: backbone.path: {path} does not hold the weights of {model.name}: {in_one_line(error)}"
        ) from error


def _require_all_taken(model: keras.Model, path: Path) -> None:
    """Raise ValueError if the file holds more than the network took: Keras passes over what has no place."""
    with h5py.File(path) as file:
        if "layers" not in file:  # the older layout, whose layers Keras counts itself
            return
        arrays: list[str] = []
        file["layers"].visititems(lambda name, item: arrays.append(name) if isinstance(item, h5py.Dataset) else None)
    taken = len(model.variables)
    if len(arrays) > taken:
        raise ValueError(f"it holds {len(arrays)} arrays and the network takes {taken}: it is a larger network's")


def _saved(path: Path, scale: str, pixels: Any) -> keras.Model:
    """A saved functional model up to its last feature map (N, H, W, C), all of it trainable.

    Its own scaling is used if it takes uint8.
    """
    _check_file(path, ".keras", "a saved backbone")
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
        maps = [node.output for node in graph.nodes(model.outputs[0])[1:] if len(node.output.shape) == 4]
        if not maps or len(model.outputs) > 1:
            raise ValueError("it has no feature map (N, H, W, C), or several outputs")
        own_scaling = keras.backend.standardize_dtype(model.inputs[0].dtype) == "uint8"
        inputs = pixels if own_scaling else _scaled(scale, pixels)
        rebuilt = keras.Model(pixels, graph.replay(maps[-1], inputs, take_apart=True), name="saved")
    except Exception as error:
        raise ConfigError(
            f"params.yaml: backbone.path: {path} cannot be used: {in_one_line(error)}; allowed: a functional Keras"
            f" model without code of its own, from images of shape {tuple(pixels.shape[1:])} to one feature map"
        ) from error
    for layer in rebuilt.layers:
        layer.trainable = True  # it may have been saved frozen
    return rebuilt


def _check_file(path: Path, suffix: str, what: str) -> None:
    if not path.is_file() or path.suffix != suffix:
        found = f"a {path.suffix or 'nameless'} file" if path.is_file() else "no file"
        raise ConfigError(f"params.yaml: backbone.path: {path}: found {found}; allowed for {what}: a {suffix} file")
