"""Weights that networks are published with: which file it is, and whether it can be had on this machine."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

from pipeline.model import backbones
from pipeline.process.compat import keras_internals
from pipeline.process.compat.keras_internals import Download

if TYPE_CHECKING:
    from pipeline.params.images_section import Images

SMALL_FIRST = ("MobileNetV2", "EfficientNetV2B0", "ResNet50V2", "VGG16")
"""Networks to begin with, the quickest on a CPU first."""

_ANSWER_SECONDS = 5


def weights(name: str, images: Images) -> Download | None:
    """The file the network `name` takes its ImageNet weights from, for images of that size; None if it has none.

    Raises ConfigError if there is no such network or it cannot take these images.
    """
    constructor, _ = backbones.application(name)
    with keras_internals.noted_downloads(ask=False) as noted:
        try:
            constructor(include_top=False, input_shape=backbones.published_shape(images))
        except keras_internals.NotAskedError:
            return noted[0]
    return None


def downloadable(file: Download) -> bool:
    """Whether its address answers, now and soon."""
    try:
        with urllib.request.urlopen(urllib.request.Request(file.url, method="HEAD"), timeout=_ANSWER_SECONDS):
            return True
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError):
        return False
