"""The classes of each kind of source, before an image is read; nothing where they cannot be known."""

from pathlib import Path

import pytest

from pipeline.data import digits, known_classes
from pipeline.files import paths


@pytest.fixture
def data(params, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return params.data.model_copy(update={"path": "photos"})


def test_classes_of_each_kind_of_source(data):
    for folder in ("train/tulip", "train/rose", "val/rose"):
        (Path("photos") / folder).mkdir(parents=True)
    Path("photos/labels.csv").write_text("file,label\na.png,oak\nb.png,elm\nc.png,oak\n", encoding="utf-8")
    of_folder = data.model_copy(update={"source": "image_folder"})
    of_table = data.model_copy(update={"source": "table", "table": "labels.csv"})
    assert known_classes.of(of_folder) == ["rose", "tulip"]
    assert known_classes.of(of_table) == ["elm", "oak"]
    assert known_classes.of(data) == digits.CLASSES
    digits.write(paths.RAW, "digits")
    assert known_classes.of(data.model_copy(update={"source": "tfds"})) == digits.CLASSES  # once it was fetched


@pytest.mark.parametrize("source", ["image_folder", "table", "tfds", "one that tells nothing before it is fetched"])
def test_nothing_is_known_of_what_is_not_there(data, source):
    assert known_classes.of(data.model_copy(update={"source": source, "table": "labels.csv"})) is None
