"""Weights that networks are published with: which file it is, and whether it can be had on this machine."""

from __future__ import annotations

import http.client
import inspect
import re
import urllib.error
import urllib.request
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import keras

from pipeline.model import backbones
from pipeline.process.compat import keras_internals
from pipeline.process.compat.keras_internals import Download

if TYPE_CHECKING:
    from pipeline.params.images_section import Images
    from pipeline.params.schema import Params

SMALL_FIRST = ("MobileNetV2", "EfficientNetV2B0", "ResNet50V2", "VGG16")
"""Networks to begin with, the quickest on a CPU first."""

_ANSWER_SECONDS = 5


def weights(name: str, images: Images) -> Download | None:
    """The file the network `name` takes its ImageNet weights from, for images of that size; None if it has none.

    Raises ConfigError if there is no such network or it cannot take these images.
    """
    constructor, _ = backbones.application(name)
    with keras_internals.noted_downloads(ask=False) as noted, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`?input_shape`? is undefined or non-square")  # nothing is built
        try:
            constructor(include_top=False, input_shape=backbones.published_shape(images))
        except keras_internals.NotAskedError:
            return noted[0]
    return None


def names() -> list[str]:
    """All networks of keras.applications."""
    return sorted(name for name, value in vars(keras.applications).items() if inspect.isfunction(value))


def here(images: Images) -> list[str]:
    """The networks whose ImageNet weights for images of that size are on this machine.

    To ask Keras which file a network wants takes seconds, so only those are asked that a file is called after.
    """
    folder = _folder(images)
    files = [_plain(path.name) for path in folder.glob("*.h5")]
    likely = [name for name in names() if any(_plain(name) in file for file in files)]
    wanted = {name: weights(name, images) for name in likely}
    return [name for name, file in wanted.items() if file and file.path.is_file()]


def _folder(images: Images) -> Path:
    """Where Keras looks for files of weights."""
    file = weights("VGG16", images)
    assert file is not None  # published with weights
    return file.path.parent


def _plain(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())


def first(names: Sequence[str], images: Callable[[str], Images]) -> tuple[str, Download | None, bool]:
    """Of `names`, for the `images` of each, the first whose weights are here or that has none, else the first of all;
    its file; and whether that can be had here, now."""
    wanted: dict[str, Download] = {}
    for name in names:
        file = weights(name, images(name))
        if file is None or file.path.is_file():
            return name, file, True
        wanted[name] = file
    name, file = next(iter(wanted.items()))
    return name, file, downloadable(file)


def missing(params: Params) -> Download | None:
    """The file of ImageNet weights that the backbone needs, if it is neither here nor can be downloaded now."""
    file = weights(params.backbone.name, params.images) if params.backbone.weights == "imagenet" else None
    return None if file is None or file.path.is_file() or downloadable(file) else file


def absent(name: str, file: Download) -> str:
    """That the weights of the network `name` are not to be had, and what to do."""
    return f"{name}'s weights are not here, nor to be had now: {advice(file)}"


def advice(file: Download) -> str:
    """What to do where it cannot be downloaded."""
    return f"fetch {file.url} and put it at {file.path}"


def downloadable(file: Download) -> bool:
    """Whether its address answers, now and soon."""
    try:
        with urllib.request.urlopen(urllib.request.Request(file.url, method="HEAD"), timeout=_ANSWER_SECONDS):
            return True
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError):
        return False
