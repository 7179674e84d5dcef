"""What the growth of data says of measurements, and the project it is measured on."""

from pathlib import Path

import pytest
from PIL import Image

from pipeline.params import config
from tests.benchmarks import clones, data_growth, frozen_command
from tests.benchmarks.data_growth import CLASSES, FEW, SIDE, SIZES, VALUES, Taken

STAGES = ("fetch", "preprocess", "train")


def taken(images: int) -> Taken:
    """Of a pipeline that is linear after 40 seconds, and whose preprocessing holds a tenth of a megabyte an image."""
    held = dict(zip(STAGES, (100 * images, 100 + images / 10, 800), strict=True))
    return Taken(40 + images / 100, dict.fromkeys(STAGES, 1.0), held)


def test_what_takes_as_long_however_many_images_is_taken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_growth, "measure", taken)
    time, of_fetch, of_others = data_growth.rows()
    assert time.ratio == pytest.approx(1.0, abs=0.01)
    assert of_fetch.ratio == pytest.approx(1.0)
    assert of_others.name.startswith("memory of preprocess, whose grows most of the others")
    assert of_others.ratio == pytest.approx(0.96, abs=0.01)
    assert f"({SIZES[0]:,} to {SIZES[1]:,} images of {SIDE} × {SIDE})" in time.name
    assert SIZES[0] / 10 > FEW


def test_the_project_has_its_photographs_and_legal_parameters(tmp_path: Path) -> None:
    values = {**VALUES, **frozen_command.splits({"train": 20, "validation": 3, "test": 2})}
    project = clones.of_photographs(tmp_path / "project", 25, SIDE, CLASSES, values)
    params = config.check(config.read_yaml(project / "params.yaml"), "params.yaml")
    assert params.data.splits.validation == "train[20:23]"
    files = sorted((project / params.data.path).rglob("*.*"))
    assert len(files) == 25
    assert {file.suffix for file in files} == {".jpg", ".png"}
    assert len({file.parent for file in files}) == CLASSES
    assert len({file.read_bytes() for file in files}) == 25
    with Image.open(files[0]) as image:
        assert (image.size, image.mode) == ((SIDE, SIDE), "RGB")


def test_a_command_that_fails_is_told_with_its_words(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"(?s)ls /nowhere: .*No such file"):
        clones.run(tmp_path, "ls", "/nowhere")
