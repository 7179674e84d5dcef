"""Paths of one's own as params.yaml has them, and what is said of those that cannot be."""

from pathlib import Path

import pytest

from pipeline.params import config, own_places
from pipeline.params.schema import Params
from pipeline.process.errors import ConfigError

from ..root import ROOT


@pytest.fixture
def params() -> Params:
    return config.load(ROOT / "experiments/tf-flowers-vgg16/params.yaml")


def test_a_path_in_the_project_is_relative_to_it(tmp_path: Path) -> None:
    assert own_places.written(tmp_path / "my photos/a", tmp_path) == "my photos/a"
    assert own_places.written(tmp_path, tmp_path / "project") == str(tmp_path)


def test_a_line_break_is_refused_and_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"a\\nb\.h5': a path with a line break cannot be in params\.yaml; rename it"):
        own_places.written(tmp_path / "a\nb.h5", tmp_path)


@pytest.mark.parametrize(
    ("name", "weights", "changed"),
    [
        ("VGG16", "imagenet", {"weights": "file"}),
        ("VGG16", "file", {}),
        ("saved", "file", {}),
        ("hub", "file", {}),
        ("hub:dinov2_small", "preset", {"name": "hub", "weights": "file"}),
        ("models:/flowers/3", "file", {"name": "saved"}),
        ("runs:/abc/model", "file", {"name": "saved"}),
    ],
)
def test_only_what_reads_other_weights_changes(
    params: Params, name: str, weights: str, changed: dict[str, str]
) -> None:
    backbone = params.backbone.model_copy(update={"name": name, "weights": weights, "path": "there"})
    assert own_places.with_weights(backbone, "there") == changed
    assert own_places.with_weights(backbone, "here") == {**changed, "path": "here"}


def test_what_is_found_instead_is_named(params: Params, tmp_path: Path) -> None:
    (tmp_path / "a.h5").touch()
    with pytest.raises(ConfigError, match=r"--data: found a file at '.*a\.h5'; needed: a folder"):
        own_places.require_images(params, tmp_path / "a.h5")
    with pytest.raises(ConfigError, match=r"--weights: found a folder at '.*'; needed: a file"):
        own_places.require_weights(params, tmp_path)


def test_folders_of_images_are_no_originals(params: Params, tmp_path: Path) -> None:
    own_places.require_originals(params, tmp_path)  # what is not there is downloaded into it
    (tmp_path / "roses").mkdir()
    with pytest.raises(ConfigError, match=r"needed: the original files of tf_flowers as .*, or --recorded if"):
        own_places.require_originals(params, tmp_path)
    own_folder = params.data.model_copy(update={"source": "image_folder"})
    own_places.require_originals(params.model_copy(update={"data": own_folder}), tmp_path)
    (tmp_path / "flower_photos.tgz").touch()
    own_places.require_originals(params, tmp_path)
