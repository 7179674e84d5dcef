"""The page of pictures says what the records show, and only what they have."""

import re
import shutil
from pathlib import Path

import pytest

from pipeline.filing import experiments, writing
from pipeline.results import reading_of_curves
from pipeline.review import gallery, table

from .conftest import claim


@pytest.fixture
def filed(finished: Path) -> Path:
    (finished / "README.md").write_text("<!-- results -->\n<!-- /results -->\n")
    return writing.file_results("digits")


def page() -> str:
    return gallery.page(table.on_record())


def test_pictures_are_there_and_sentences_follow_from_the_files(filed):
    text = page()
    pictures = [Path("docs") / name for name in re.findall(r'<img src="([^"]*)"', text)]
    assert [path.name for path in pictures] == ["curves.png", "confusion.webp", "predictions.webp"]
    assert all(path.parent.parent.parent.resolve() == filed.parent.parent.resolve() for path in pictures)
    assert "lowest after the last of 2 epochs" in text
    assert "Of 6 test images 5 are wrong, most often oak taken for" in text
    assert "a*b|<i>" not in text


def test_a_sentence_calls_overfitting_what_its_picture_shades(filed, monkeypatch):
    assert "overfits" not in page()
    monkeypatch.setattr(reading_of_curves, "overfitting_onset", lambda epochs: len(epochs) - 1)
    assert "It overfits from epoch 2 of 2 on" in page()


def test_a_record_without_pictures_is_shown_without(filed):
    for name in ("confusion.webp", "predictions.webp", "history.csv"):
        (filed / name).unlink()
    text = page()
    assert text.count("<img") == 1
    assert "epochs" not in text
    shutil.rmtree(filed)
    assert "Not measured here: [digits](../experiments/digits/README.md)." in page()


def test_two_are_set_beside_each_other(filed):
    shutil.copytree(experiments.folder("digits"), "experiments/before")
    assert "Beside" not in page()
    claim(beside="before")
    text = page()
    assert "This network beside that one of `before`: test accuracy +0.0 points (95 % interval" in text
    assert "which may be chance; other seeds were not compared." in text
    assert "At its end training accuracy is +5.0 points from validation accuracy, +5.0 in `before`." in text
    claim(beside="gone")
    assert "Beside" not in page()


def test_the_page_is_written_with_the_table_and_found_stale(filed, finished):
    assert gallery.PAGE in table.stale()
    table.write()
    assert gallery.PAGE.read_text(encoding="utf-8") == page()
    assert not table.stale()
    gallery.PAGE.write_text("another")
    assert table.stale() == [gallery.PAGE]
