"""What params.yaml says of a candidate that a person names."""

import pytest

from pipeline.model import candidates
from pipeline.params.schema import Params
from pipeline.process.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "backbone"),
    [
        ("VGG16", ("VGG16", "imagenet", None)),
        ("VGG16=a.h5", ("VGG16", "file", "a.h5")),
        ("saved=a.keras", ("saved", "file", "a.keras")),
        ("hub=presets/vit", ("hub", "file", "presets/vit")),
        ("hub:dinov2_small", ("hub:dinov2_small", "preset", None)),
        ("hub:dinov2_small=random", ("hub:dinov2_small", "none", None)),
    ],
)
def test_a_name_is_what_params_yaml_would_say(params: Params, text: str, backbone: tuple[str, str, str | None]) -> None:
    found = candidates.of(text, params, side=32).params
    name, weights, path = backbone
    assert (found.backbone.name, found.backbone.weights) == (name, weights)
    assert found.backbone.path == (path or params.backbone.path)
    assert found.images.scale == ("unit" if name == "saved" else "backbone")
    assert found.images.height == 32


@pytest.mark.parametrize("text", ["", "hub", "saved", "=a.h5"])
def test_what_is_none_is_refused(params: Params, text: str) -> None:
    with pytest.raises(ConfigError, match=r"--candidate: found .* or hub:PRESET"):
        candidates.of(text, params)
