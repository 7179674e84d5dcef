"""The picture of ten samples."""

import numpy as np
import pytest

from pipeline.data.samples import Collector, draw, sample
from pipeline.plots import style


def offered(classes: int, images: int) -> Collector:
    collector = Collector(classes)
    for i in range(images):
        before = np.full((6, 9, 3), i % 256, np.uint8)
        collector.offer(sample(f"{i}", i % classes, before, before[:4, :4]))
    return collector


@pytest.mark.parametrize(("classes", "images", "expected"), [(2, 50, 10), (10, 50, 10), (100, 300, 10), (3, 4, 4)])
def test_at_most_ten_samples_show_as_many_classes_as_they_can(classes, images, expected):
    chosen = offered(classes, images).chosen(without=set())
    assert len(chosen) == expected
    assert len({sample.label for sample in chosen}) == min(classes, 10, images)
    assert len(offered(classes, images).samples) <= 20


def test_left_out_images_are_not_shown():
    assert "0" not in {sample.name for sample in offered(2, 50).chosen(without={"0"})}


def test_large_photographs_are_shown_small_with_their_real_size():
    large = sample("a", 0, np.zeros((1000, 3000, 3), np.uint8), np.zeros((8, 8, 3), np.uint8))
    assert large.before.shape == (85, 256, 3)
    assert large.size == (1000, 3000)


def test_what_is_not_wanted_once_is_never_wanted_again():
    collector = Collector(2)
    wanted = []
    for i in range(20):
        wanted.append(collector.wants(0))
        collector.offer(sample(f"{i}", 0, np.zeros((2, 2, 1), np.uint8), np.zeros((2, 2, 1), np.uint8)))
    assert wanted == [True] * 5 + [False] * 15
    assert collector.wants(1)


def test_equal_samples_are_equal_files(tmp_path):
    for name in ("one.png", "two.png"):
        style.save(
            draw(offered(3, 20).chosen(set()), ["$5", "ünïcode", "a very long name of a class"]), tmp_path / name
        )
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
