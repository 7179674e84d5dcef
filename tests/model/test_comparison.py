"""Which backbones are compared, and what is said of those that cannot be."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.model import comparison, probing, published
from pipeline.model.candidates import Candidate
from pipeline.model.probing import Probed, Sample
from pipeline.params.schema import Params
from pipeline.process.compat.keras_internals import Download
from pipeline.process.errors import ConfigError

NONE: Any = None
SAMPLE = Sample(NONE, np.zeros(10, int), [], 2, 10, 8)


def probe(candidate: Candidate, _: Sample) -> Probed:
    """The longer a name, the better; a network called so takes no images."""
    if "VGG16" in candidate.name:
        raise ConfigError(f"VGG16 cannot take these images{' at all' * 99}")
    return Probed(candidate, np.arange(99) < len(candidate.name), 1.0, 1, 1.0, 1.0)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "probe", probe)


def test_the_present_one_and_those_named_are_ranked(params: Params) -> None:
    found = comparison.compared(["saved=a.keras", "VGG16=random"], params, None, SAMPLE)
    assert [one.candidate.name for one in found.found] == ["convolutions (present)", "saved=a.keras"]
    (reason,) = found.refused
    assert reason.startswith("VGG16=random: VGG16 cannot take these images at all")
    assert reason.endswith("… (another size: --side)")
    assert len(reason) < 300


def test_random_weights_are_compared_only_if_asked_for(params: Params) -> None:
    of_none = params.model_copy(update={"backbone": params.backbone.model_copy(update={"weights": "none"})})
    found = comparison.compared(["convolutions=random"], of_none, None, SAMPLE)
    assert [one.candidate.name for one in found.found] == ["convolutions=random"]
    with pytest.raises(ConfigError, match="no backbone could be compared\nVGG16=random: "):
        comparison.compared(["VGG16=random"], of_none, None, SAMPLE)


def test_without_others_the_present_one_is_compared_whatever_its_weights(
    params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_none = params.model_copy(update={"backbone": params.backbone.model_copy(update={"weights": "none"})})
    asked: list[int] = []
    monkeypatch.setattr(published, "here", lambda images: asked.append(images.height) or [])
    monkeypatch.setattr(published, "weights", lambda name, images: Download(f"https://a/{name}.h5", Path("b.h5")))
    monkeypatch.setattr(published, "downloadable", lambda file: False)
    found = comparison.compared([], of_none, 160, SAMPLE)
    assert [one.candidate.name for one in found.found] == ["convolutions (present)"]
    assert found.refused == [
        "MobileNetV2: fetch https://a/MobileNetV2.h5 and put it at b.h5; others can be had the same way"
    ]
    assert asked == [160]  # pixels that --side asks for
