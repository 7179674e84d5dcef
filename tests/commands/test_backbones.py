"""Which backbone suits the images here: `herbarium backbones`, from stored images to an edit of params.yaml."""

import shutil
from pathlib import Path

import keras
import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.commands import backbones as command
from pipeline.data import depths
from pipeline.files import paths, records
from pipeline.model import published
from pipeline.model.candidates import Candidate
from pipeline.params import config, editing
from pipeline.process import limits
from pipeline.process.errors import ConfigError, DataError
from pipeline.sweep import searched
from tests import shipped

from ..root import ROOT
from ..small_data import COUNTS, write_images
from .test_start import photographs

WEIGHTS = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_160_no_top.h5"


@pytest.fixture
def prepared(project: Path) -> Path:
    """28 × 28 grey images told apart by brightness, as preprocess leaves them; those of the test split are away."""
    write_images(height=28, width=28)
    splits = {split: {"images": count} for split, count in COUNTS.items()}
    records.write_json(paths.DATASET, {"splits": splits})
    shutil.rmtree(paths.images("test").parent)
    said(**{"backbone.path": str(ROOT / "pipeline/model/fashion_cnn/backbone.weights.h5")})
    return project


def said(**values: object) -> None:
    text = config.read_text(paths.PARAMS)
    paths.PARAMS.write_text(editing.with_values(text, {"head.units": [8], **values}, "params.yaml"))


def backbones(*arguments: str) -> str:
    return CliRunner().invoke(app, ["backbones", *arguments], catch_exceptions=False).output


def test_candidates_are_ranked_without_a_test_image(prepared: Path) -> None:
    output = backbones("--candidate", "convolutions=random", "--candidate", "saved=gone.keras", "--folds", "3")
    lines = output.splitlines()
    assert "a linear probe on 55 images of training and validation, each held out once" in output
    rows = [line.strip() for line in lines if "% (" in line and " s " in line]
    assert {row.split("  ")[0] for row in rows} == {"convolutions (present)", "convolutions=random"}
    assert all(limits.size(4 * 64 * sum(COUNTS.values())) in row for row in rows)
    assert "no backbone: pixels" in output
    assert "not compared: saved=" in output
    assert "gone.keras: found no file" in output
    assert paths.PARAMS.read_text().count("random") == shipped.PARAMS.count("random")


def test_what_is_advised_can_be_done_where_the_user_stands(prepared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The present network in another size, and a file that is named from a folder below."""
    output = backbones("--candidate", "saved=gone.keras", "--side", "16", "--folds", "3")
    assert output.splitlines()[-1] == "to use the first: herbarium backbones --use 'convolutions (present)' --side 16"
    assert "height: 16" in backbones("--use", "convolutions (present)", "--side", "16", "--force")

    def first(named: list[str], *_: object) -> Candidate:
        return Candidate(command._within(named[0]), {"backbone.name": "saved"}, config.load())

    (prepared / "below").mkdir()
    monkeypatch.chdir(prepared / "below")
    monkeypatch.setattr(command, "_compare", first)
    assert backbones("--candidate", "saved=../own.keras").endswith("--use saved=../own.keras\n")


def test_the_first_is_written_and_the_difference_shown(prepared: Path) -> None:
    said(**{"backbone.weights": "none"})
    output = backbones("--candidate", "convolutions=random", "--side", "16", "--use", "best", "--force")
    assert "-  height: 28" in output
    assert "+  height: 16" in output
    assert "(present)" not in output
    params = config.load()
    assert (params.images.height, params.images.width, params.backbone.weights) == (16, 16, "none")


def test_one_is_written_by_name_without_a_look(prepared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keras.src.utils.file_utils.config.keras_home", lambda: str(prepared / "keras"))
    (prepared / "keras/models").mkdir(parents=True)
    monkeypatch.setattr(published, "downloadable", lambda file: False)
    output = backbones("--use", "VGG16", "--side", "64", "--force")
    assert "+  name: VGG16" in output
    assert "probe" not in output
    assert "VGG16's weights are not here, nor to be had now: fetch https://" in output
    assert "written, nothing is committed; first fetch that file and put it at that place, then: make repro" in output
    params = config.load()
    assert (params.backbone.name, params.backbone.weights, params.backbone.layers) == ("VGG16", "imagenet", [])
    assert (params.images.channels, params.images.scale, params.images.height) == (3, "backbone", 64)
    assert (params.backbone.max_unfrozen_layers, params.train.unfrozen_layers) == (2, 1)


def test_no_more_layers_are_unfrozen_than_it_has(prepared: Path) -> None:
    pixels = keras.Input((28, 28, 1), dtype="uint8")
    convolved = keras.layers.Conv2D(4, 3)(keras.layers.Rescaling(1 / 255)(pixels))
    keras.Model(pixels, convolved).save("own.keras")
    backbones("--use", "saved=own.keras", "--force")
    params = config.load()
    assert (params.backbone.name, params.backbone.path) == ("saved", "own.keras")
    assert (params.backbone.max_unfrozen_layers, params.train.unfrozen_layers) == (1, 1)
    assert params.sweep.space["train.unfrozen_layers"] == {"low": 0, "high": 1}
    searched.dimensions_of(params)


def test_a_network_that_has_learned_is_not_trained_as_deep_as_one_that_had_not(
    prepared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published, "downloadable", lambda file: False)
    scratch = depths.of_scratch(config.parse_yaml(shipped.PARAMS, "params.yaml")["sweep"], 2)
    said(**{"backbone.weights": "none", **scratch})
    backbones("--use", "convolutions=random", "--force")
    assert config.load().train.unfrozen_layers == 2
    output = backbones("--use", "MobileNetV3Small", "--side", "32", "--force")
    assert "+    train.unfrozen_layers: {low: 0, high: 2}" in output
    params = config.load()
    assert (params.backbone.max_unfrozen_layers, params.train.unfrozen_layers) == (2, 1)
    searched.dimensions_of(params)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"low": 0, "high": 2}, {"low": 0, "high": 2}),
        ({"low": 0, "high": 5}, {"low": 0, "high": 2}),
        ({"low": 3, "high": 5}, {"choices": [2]}),
        ({"choices": [0, 2, 4]}, {"choices": [0, 2]}),
        ({"choices": [4]}, {"choices": [2]}),
    ],
)
def test_no_more_layers_are_searched_than_it_has(entry: dict, expected: dict) -> None:
    content = {
        "backbone": {"max_unfrozen_layers": 5},
        "train": {"unfrozen_layers": 3},
        "sweep": {"space": {"train.unfrozen_layers": entry}, "start": []},
    }
    found = depths.of_another(content, 2, taught=False)
    assert found["sweep.space"] == {"train.unfrozen_layers": expected}
    assert (found["backbone.max_unfrozen_layers"], found["train.unfrozen_layers"]) == (2, 2)


def test_what_is_no_candidate_is_refused(prepared: Path) -> None:
    for text in ("saved", "=x.h5"):
        with pytest.raises(ConfigError, match=r"--candidate: found .*; allowed: NAME \(a keras.applications network"):
            backbones("--use", text, "--force")
    with pytest.raises(ConfigError, match="VGG16 cannot take these images"):
        backbones("--use", "VGG16", "--force")
    said(**{"backbone.weights": "none"})
    with pytest.raises(ConfigError, match=r"no backbone could be compared\nVGG16=random: .*\(another size: --side\)"):
        backbones("--candidate", "VGG16=random")


def test_without_images_it_says_what_brings_them(project: Path) -> None:
    with pytest.raises(DataError, match="there are no images here yet: run `dvc repro preprocess`"):
        backbones("--candidate", "VGG16")


def test_networks_whose_weights_are_here_are_found(prepared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keras.src.utils.file_utils.config.keras_home", lambda: str(prepared / "keras"))
    (prepared / "keras/models").mkdir(parents=True)
    said(**{"images.height": 160, "images.width": 160, "images.channels": 3})
    images = config.load().images
    assert published.here(images) == []
    (prepared / "keras/models" / WEIGHTS).touch()
    (prepared / "keras/models/vgg16_other.h5").touch()
    assert published.here(images) == ["MobileNetV2"]


def test_without_network_it_says_which_file_to_fetch(prepared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keras.src.utils.file_utils.config.keras_home", lambda: str(prepared / "keras"))
    (prepared / "keras/models").mkdir(parents=True)
    monkeypatch.setattr(published, "downloadable", lambda file: False)
    output = backbones("--folds", "2")
    assert "not compared: MobileNetV2: fetch https://storage.googleapis.com/" in output.replace("\n", " ")
    assert "convolutions (present)" in output


def test_what_start_made_without_weights_is_looked_at_and_the_same_file_named(
    prepared: Path, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    monkeypatch.setattr("keras.src.utils.file_utils.config.keras_home", lambda: str(prepared / "keras"))
    (prepared / "keras/models").mkdir(parents=True)
    monkeypatch.setattr(published, "downloadable", lambda file: False)
    photographs(prepared / "photos")
    said(**{"data.source": "image_folder", "data.path": "photos", "backbone.weights": "none"})
    output = backbones("--folds", "2")
    assert "convolutions (present)" in output
    assert "no backbone: pixels" in output
    assert "not compared: MobileNetV2: fetch https://storage.googleapis.com/tensorflow/keras-applications" in output
    assert f"{WEIGHTS}, then, for images of 160 × 160: herbarium start photos --backbone MobileNetV2 --force" in output
    (prepared / "keras/models" / WEIGHTS).touch()
    assert "its weights are here, then, for images of 160 × 160: herbarium start" in backbones("--folds", "2")
    assert not [warning for warning in recwarn if "input_shape" in str(warning.message)]
