"""From a folder of photographs to a params.yaml that can be run, by one command."""

import http.server
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.data import beginning, survey
from pipeline.files import paths
from pipeline.model import published
from pipeline.params import config, editing
from pipeline.process.compat.keras_internals import Download
from pipeline.process.errors import ConfigError, DataError
from pipeline.sweep import promote

CLASSES = ("Gänseblümchen & co", "タンポポ", "rose")
WEIGHTS = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_160_no_top.h5"


def photographs(folder: Path, size: tuple[int, int] = (320, 200), mode: str = "RGB") -> Path:
    for label in CLASSES:
        (folder / label).mkdir(parents=True)
        for number in range(4):
            Image.new(mode, size, number).save(folder / label / f"{number} é.PNG")
    (folder / "rose/broken.jpg").write_bytes(b"no image")
    (folder / "rose/.DS_Store").touch()
    return folder


@pytest.fixture
def committed(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project whose params.yaml is committed, with photographs, and a home for Keras without weights or network."""
    for command in (
        ["init", "-q"],
        ["add", "params.yaml"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm1"],
    ):
        subprocess.run(["git", *command], check=True)
    photographs(project / "my photos")
    monkeypatch.setattr("keras.src.utils.file_utils.config.keras_home", lambda: str(project / "keras"))
    (project / "keras/models").mkdir(parents=True)
    monkeypatch.setattr(published, "downloadable", lambda file: False)
    return project


def start(*arguments: str) -> str:
    return CliRunner().invoke(app, ["start", *arguments], catch_exceptions=False).output


def test_without_weights_it_begins_from_nothing_and_says_which_file_to_fetch(committed: Path) -> None:
    said = start("my photos")
    assert "my photos: 12 images of 3 classes" in said
    assert "no images, though named so: rose/broken.jpg; data.on_bad_image: skip" in said
    assert "few images, so 20 % of them are for validation, 3 of 12; with fewer than 19 `predict` cannot" in said
    assert "images.height and width are 64, quick and enough for a small network" in said
    assert f"fetch https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v2/{WEIGHTS}" in said
    assert f"put it at {committed}/keras/models/{WEIGHTS}" in said
    assert "herbarium start 'my photos' --backbone MobileNetV2 --force" in said
    assert "first see to what was said of the folder, then: make repro" in said
    params = config.load()
    assert (params.data.source, params.data.path, params.data.name) == ("image_folder", "my photos", "my-photos")
    assert (params.backbone.name, params.backbone.weights, params.images.channels) == ("convolutions", "none", 3)
    assert params.tracking.experiment == "my-photos"
    for line in ("-  name: digits", "+  name: my-photos"):
        assert line in said.splitlines()
    changed = subprocess.check_output(["git", "status", "--porcelain", "params.yaml"], text=True)
    assert changed == " M params.yaml\n"


def test_the_network_whose_weights_are_here_is_taken(committed: Path) -> None:
    (committed / "keras/models" / WEIGHTS).touch()
    assert f"MobileNetV2's weights are here: {committed}/keras/models/{WEIGHTS}" in start("my photos")
    params = config.load()
    assert (params.backbone.name, params.backbone.weights, params.images.height) == ("MobileNetV2", "imagenet", 160)
    assert (params.images.scale, params.backbone.layers) == ("backbone", [])


def test_a_sweep_freezes_no_layers_that_know_nothing(committed: Path) -> None:
    """And the layers of a published network again, as many as are prepared for."""
    point = {"train.learning_rate": 0.001, "train.optimizer": "adam", "train.unfrozen_layers": 1, "head.dropout": 0.1}
    promote.write(paths.PARAMS, {"sweep.start": [point]})
    assert "-    train.unfrozen_layers: {low: 0, high: 2}" in start("my photos", "--force")
    sweep = config.load().sweep
    assert list(sweep.space) == ["train.learning_rate", "train.optimizer", "head.dropout"]
    assert sweep.start == []
    start("my photos", "--backbone", "VGG16", "--force")
    assert config.load().sweep.space["train.unfrozen_layers"] == {"low": 0, "high": 2}


def test_edits_are_not_overwritten(committed: Path) -> None:
    with (committed / "params.yaml").open("a") as file:
        file.write("# mine\n")
    with pytest.raises(ConfigError, match=r"has edits that are nowhere else.*: herbarium start 'my photos' --force$"):
        start("my photos")
    with pytest.raises(ConfigError, match=r"herbarium start 'my photos' --backbone VGG16 --force$"):
        start("my photos", "--backbone", "VGG16")
    start("my photos", "--force")
    assert config.load().data.path == "my photos"


def test_a_network_that_was_asked_for_stays_and_its_weights_are_named(committed: Path) -> None:
    said = start("my photos", "--backbone", "VGG16")
    assert "VGG16's weights are not here, nor to be had now: fetch https://" in said
    assert said.endswith(
        "written, nothing is committed; first see to what was said of the folder and fetch that file and put it at that"
        " place, then: make repro (make run sweeps, too)\n"
    )
    assert config.load().backbone.name == "VGG16"
    (committed / "my photos/rose/broken.jpg").unlink()
    again = start("my photos", "--backbone", "VGG16", "--force")
    assert "params.yaml says so already; first fetch that file" in again
    assert "written" not in again


def test_a_folder_that_is_not_there_is_named_before_edits_are(committed: Path) -> None:
    with (committed / "params.yaml").open("a") as file:
        file.write("# mine\n")
    with pytest.raises(DataError, match=r"found nothing at .*/My fotos; did you mean .*/my photos\?; needed: a folder"):
        start("My fotos")
    with pytest.raises(DataError, match=r"found nothing at [^;]*/weights; needed: a folder"):
        start("weights")


FOUND = {
    ("train",): ("train[:60%]", "train[60%:80%]", "train[80%:]"),
    ("train", "test"): ("train[:60%]", "train[60%:]", "test"),
    ("train", "validation"): ("train[:90%]", "validation", "train[90%:]"),
    ("train", "validation", "test"): ("train", "validation", "test"),
}


@pytest.mark.parametrize("folders", FOUND)
def test_folders_that_are_splits_are_used_as_they_are(project: Path, folders: tuple[str, ...]) -> None:
    looked = survey.Survey(dict.fromkeys(folders, 10), {"a": 5, "b": 5}, 200, grey=False)
    of_a_table = {"data.source": "table", "data.table": "labels.csv", "data.corrections": "right.csv"}
    before = editing.with_values((project / "params.yaml").read_text(), of_a_table, "params.yaml")
    data = beginning.of(before, "photos", looked, None).params.data
    assert (data.splits.train, data.splits.validation, data.splits.test) == FOUND[folders]
    assert (data.splitting.method, data.table, data.corrections) == ("stratified", None, None)


def test_grey_and_small_images_are_taken_as_such(project: Path) -> None:
    looked = survey.of(photographs(project / "grey", (40, 30), "L"))
    assert (looked.side, looked.grey, looked.images) == (30, True, 12)
    images = beginning.of((project / "params.yaml").read_text(), "grey", looked, None).params.images
    assert (images.height, images.channels) == (30, 1)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Fotos 2026!", "Fotos-2026"),
        ("写真", "photographs"),
        ("..a", "a"),
        ("_photos", "photos"),
        ("фото_2023", "2023"),
        ("Meine Fotos Übersicht", "Meine-Fotos-Ubersicht"),
        ("Gänseblümchen", "Ganseblumchen"),
    ],
)
def test_a_folders_name_becomes_the_data_sets(name: str, expected: str) -> None:
    assert beginning.name_of(Path(name)) == expected


def test_a_folder_that_is_none_of_classes_is_refused(project: Path) -> None:
    photographs(project / "above/photos")
    with pytest.raises(DataError, match=r"images in 1 folders; allowed.*photos has some: if they are the classes"):
        survey.of(project / "above")
    with pytest.raises(DataError, match="found nothing at nowhere"):
        survey.of(Path("nowhere"))


def test_whether_weights_can_be_downloaded_is_asked(dead_port: int) -> None:
    class Answers(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200 if self.path == "/there.h5" else 404)
            self.end_headers()

    with http.server.HTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        place = f"http://127.0.0.1:{server.server_port}"
        asked = [published.downloadable(Download(f"{place}/{name}.h5", Path())) for name in ("there", "gone")]
        server.shutdown()
    assert asked == [True, False]
    assert not published.downloadable(Download(f"http://127.0.0.1:{dead_port}/there.h5", Path()))
