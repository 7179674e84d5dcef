"""`herbarium data` writes its page from what was fetched, also where all images are of one kind."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from pipeline.cli import app
from pipeline.commands import first_look
from pipeline.data import image_folder
from pipeline.files import paths
from pipeline.params import editing
from pipeline.process import dvc, verbosity
from pipeline.process.errors import ConfigError, DataError
from tests.data.test_near_duplicates import made_up

FETCH = first_look._fetch


@pytest.fixture(autouse=True)
def fetched(monkeypatch):
    """What `dvc repro fetch` would bring is there."""
    monkeypatch.setattr(first_look, "require_dvc", lambda: None)
    monkeypatch.setattr(first_look, "_fetch", lambda: None)


def herbarium(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def write(pictures: dict[str, Image.Image]) -> None:
    """Fetch a folder of these, name of class and file → picture, and let params.yaml say so."""
    for name, picture in pictures.items():
        place = Path("photos", name)
        place.parent.mkdir(parents=True, exist_ok=True)
        picture.save(place)
    image_folder.write(paths.RAW, "photos", Path("photos"), "error")
    text = paths.PARAMS.read_text(encoding="utf-8")
    values = {"data.source": "image_folder", "data.name": "photos", "data.path": "photos"}
    paths.PARAMS.write_text(editing.with_values(text, values, "params.yaml"), encoding="utf-8")


def test_a_folder_of_photographs_is_shown_with_its_copies(project):
    pictures = {f"{'ab'[n % 2]}/{n}.png": made_up(n) for n in range(8)}
    mirrored = made_up(3).transpose(Image.Transpose.FLIP_LEFT_RIGHT).resize((70, 60))
    write(pictures | {"a/mirrored.png": mirrored, "a/same.png": made_up(4)})
    done = herbarium("data")
    assert done.exit_code == 0, done.output
    assert "10 images of 2 classes, 1 groups of identical ones, 1 pairs of near-duplicates" in done.output
    assert (
        "suggested: images.height 96, width 96, channels 3, for a published network (`herbarium start` writes 9"
        in done.output
    )
    page = paths.DATA_PAGE.read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 3
    assert "<td>a/mirrored.png</td><td>a</td><td>b/3.png</td><td>b</td>" in page
    assert "1 of them with two" in page
    assert "Few images: a, b. Draw splits with" in page
    text = editing.with_values(paths.PARAMS.read_text(), {"data.splitting.method": "stratified"}, "params.yaml")
    paths.PARAMS.write_text(text, encoding="utf-8")
    assert herbarium("data").exit_code == 0
    assert "Draw splits with" not in paths.DATA_PAGE.read_text(encoding="utf-8")


def test_scans_of_one_kind_are_shown_without_pairs(project):
    one, noise = np.asarray(made_up(1, side=40).convert("L"), np.int16), np.random.default_rng(0)
    scans = [(one + noise.integers(-3, 4, one.shape)).clip(0, 255).astype(np.uint8) for _ in range(70)]
    write({f"{'ab'[n % 2]}/{n}.png": Image.fromarray(scan) for n, scan in enumerate(scans)})
    done = herbarium("data")
    assert done.exit_code == 0, done.output
    assert "70 images of 2 classes, 0 groups of identical ones, uncounted pairs of near-duplicates" in done.output
    assert "suggested: images.height 32, width 32, channels 1" in done.output
    assert "near-duplicates were not counted" in paths.DATA_PAGE.read_text(encoding="utf-8")


def test_a_folder_that_is_not_there_is_named_before_dvc_is_asked(project):
    """DVC has no words of its own for it."""
    text = paths.PARAMS.read_text(encoding="utf-8")
    paths.PARAMS.write_text(editing.with_values(text, {"data.path": "nowhere"}, "params.yaml"), encoding="utf-8")
    done = herbarium("data")
    assert isinstance(done.exception, ConfigError)
    assert "data.path: nothing is at nowhere" in str(done.exception)


def test_images_that_cannot_be_brought_in_are_said_to_be_what_failed(project, monkeypatch):
    write({f"{'ab'[n % 2]}/{n}.png": made_up(n) for n in range(4)})
    monkeypatch.setattr(first_look, "_fetch", FETCH)
    monkeypatch.setattr(
        dvc, "without_advice", lambda *_: [sys.executable, "-c", "print('no room'); raise SystemExit(1)"]
    )
    monkeypatch.setattr(verbosity, "quiet", lambda: True)
    done = herbarium("data")
    assert isinstance(done.exception, DataError)
    assert str(done.exception).startswith("the images could not be brought in: `dvc repro fetch` failed:\nno room")
