"""Prepared images are written once where they become a split as they are, and never all in memory."""

import gc
import shutil
from pathlib import Path

import numpy as np
import pytest

from pipeline.data import pixels, preparation
from pipeline.data.integrity import Item
from pipeline.data.pixels import Pixels
from pipeline.data.preparation import Pool
from pipeline.files import paths, records
from pipeline.process.errors import MachineError

IMAGES = np.random.default_rng(1).integers(0, 256, (5, 4, 3, 3), dtype=np.uint8)


def pool(splits: str) -> Pool:
    """The first images, each in training or in validation, by letters."""
    named = {"t": "train", "v": "validation"}
    stored = Pixels(*IMAGES.shape)
    for image in IMAGES[: len(splits)]:
        stored.append(image)
    return Pool(stored, [Item(named[s], str(n), n % 2, f"{n:064}") for n, s in enumerate(splits)])


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def plainly(path: Path, images: np.ndarray) -> bytes:
    records.write_npy(path, images)
    return path.read_bytes()


def test_a_whole_pool_becomes_its_split(project: Path) -> None:
    whole = pool("ttttt")
    (there,) = paths.IMAGES.glob(".*")
    inode = there.stat().st_ino
    preparation.write("train", [whole], set())
    assert paths.images("train").stat().st_ino == inode  # not a copy
    assert paths.images("train").read_bytes() == plainly(project / "plain.npy", IMAGES)
    assert paths.images("train").stat().st_mode & 0o777 == (project / "plain.npy").stat().st_mode & 0o777
    del whole
    gc.collect()
    assert files(paths.IMAGES) == ["ids.csv", "images.npy", "labels.npy"]


@pytest.mark.parametrize(
    ("splits", "without", "rows"),
    [("tvtvt", set(), [0, 2, 4]), ("ttttt", {"1"}, [0, 2, 3, 4]), ("tttt", set(), [0, 1, 2, 3])],
)
def test_of_others_the_rows_are_copied(project: Path, splits: str, without: set[str], rows: list[int]) -> None:
    """Drawn into splits, some left out, or fewer than were announced."""
    drawn = pool(splits)
    preparation.write("train", [drawn], without)
    preparation.write("validation", [drawn], without)
    assert paths.images("train").read_bytes() == plainly(project / "plain.npy", IMAGES[rows])
    assert len(records.read_npy(paths.images("validation"))) == splits.count("v")


def test_pools_joined_in_a_split_are_copied(project: Path) -> None:
    preparation.write("train", [pool("ttttt"), pool("tv")], set())
    expected = np.concatenate([IMAGES, IMAGES[:1]])
    assert paths.images("train").read_bytes() == plainly(project / "plain.npy", expected)


def test_what_is_given_up_leaves_nothing(project: Path) -> None:
    given_up = pool("tt")
    assert len(files(paths.IMAGES)) == 1
    del given_up
    gc.collect()
    assert files(paths.IMAGES) == []


@pytest.mark.parametrize(("copied", "gigabytes"), [(False, "3.0"), (True, "6.0")])
def test_too_small_a_disk_is_said_before_any_work(
    project: Path, monkeypatch: pytest.MonkeyPatch, copied: bool, gigabytes: str
) -> None:
    size = (100, 100, 3)
    assert pixels.require_space(10, size, copied) == 300_000 * (1 + copied)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: type("usage", (), {"free": 2.9e9}))
    with pytest.raises(
        MachineError, match=rf"100,000 prepared images of 100 × 100 × 3 bytes .*need {gigabytes} GB.*has 2\.9 GB"
    ):
        pixels.require_space(100_000, size, copied)
