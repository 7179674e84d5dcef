"""Backbones by name: keras.applications, a list of convolutions, or a saved model; all take uint8 images."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pipeline.files import paths
from pipeline.model import graph, hub, saved_models, weights_files
from pipeline.model.cuts import Network
from pipeline.model.scaling import scaled
from pipeline.params.suggestions import did_you_mean
from pipeline.process.compat import keras_internals
from pipeline.process.errors import ConfigError

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
    pixels = keras.Input((images.height, images.width, images.channels), dtype="uint8", name="images")
    with keras_internals.own_seeds(seed):
        if saved := paths.saved_backbone(backbone.name, backbone.path):
            return saved_models.read(root / saved, images.scale, pixels)
        if paths.is_hub(backbone.name):
            return hub.read(backbone, images, pixels, root)
        return Network(_named(backbone, images, pixels, root))


def _named(backbone: Backbone, images: Images, pixels: Any, root: Path) -> keras.Model:
    if backbone.name == "convolutions":
        model = convolutions(scaled(images.scale, pixels), backbone.layers, pixels)
    else:
        model = _application(backbone, images, pixels)
    if backbone.weights == "file":
        weights_files.load(model, root / backbone.path)
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
        tensor = scaled(images.scale, pixels)
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
