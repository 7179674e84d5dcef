"""A record's pictures are small, and the same bytes each time."""

import io

import numpy as np
import pytest
from PIL import Image

from pipeline.files import paths
from pipeline.filing import pictures, writing
from pipeline.process.errors import DataError


def test_even_noise_is_made_to_fit(tmp_path):
    noise = np.random.default_rng(1).integers(0, 256, (1300, 1400, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    content = pictures.small(tmp_path / "noise.png")
    assert 1000 < len(content) <= pictures.MOST_BYTES
    assert content == pictures.small(tmp_path / "noise.png")


def test_what_is_easily_drawn_stays_as_wide_as_a_page(tmp_path):
    Image.new("RGBA", (1320, 528), "navy").save(tmp_path / "plain.png")
    with Image.open(io.BytesIO(pictures.small(tmp_path / "plain.png"))) as shown:
        assert (shown.size, shown.format) == ((900, 360), "WEBP")
        assert shown.convert("RGB").getpixel((450, 180))[2] > 100


def test_a_small_picture_is_not_made_larger(tmp_path):
    Image.new("RGB", (100, 50)).save(tmp_path / "small.png")
    with Image.open(io.BytesIO(pictures.small(tmp_path / "small.png"))) as shown:
        assert shown.size == (100, 50)


def test_a_run_without_a_picture_is_filed_without(finished):
    paths.CONFUSION_PICTURE.unlink()
    folder = writing.file_results("digits")
    assert not (folder / "confusion.webp").exists()
    assert (folder / "predictions.webp").exists()


def test_a_damaged_picture_is_named(finished):
    paths.CONFUSION_PICTURE.write_text("no picture")
    with pytest.raises(DataError, match=r"confusion\.png: damaged picture"):
        writing.file_results("digits")
