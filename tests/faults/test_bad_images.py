"""Image folders as people have them: what is refused says which file and what to do, what is unusual works."""

import os
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline.files import paths, records

from .bad_input import REFUSED, WORKS, Told, assert_refused, snapshot, write_params

# Image folders


def paint(path: Path, seed: int, size: tuple[int, int] = (6, 5)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, "PNG")


def png_bomb() -> bytes:
    """A whole PNG of 20,000 × 20,000 pixels in a few tens of kilobytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = zlib.compress(bytes(20_000 * 2_501))
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def remove_all_but(*names: str) -> Callable[[Path], None]:
    def change(photos: Path) -> None:
        for path in photos.rglob("*.png"):
            if str(path.relative_to(photos)) not in names:
                path.unlink()

    return change


def beside(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda photos: (photos / name).write_bytes(content) and None


def link(name: str, target: str) -> Callable[[Path], None]:
    return lambda photos: (photos / name).symlink_to(target)


def splits_without_test(photos: Path) -> None:
    for split in ("train", "validation"):
        for label in ("rose", "tulip"):
            paint(photos.parent / "split" / split / label / "0.png", seed=len(split + label))
    shutil.rmtree(photos)
    (photos.parent / "split").rename(photos)


UNREADABLE = "unreadable images in photos:"
REFUSED_FOLDERS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no folder": (shutil.rmtree, "data.path: found nothing at photos; allowed: a folder with one folder of images"),
    "a file": (lambda photos: (shutil.rmtree(photos), photos.write_text("")), "data.path: found a file at photos"),
    "no class folders": (lambda photos: (shutil.rmtree(photos), photos.mkdir()), "allowed: at least two"),
    "one class": (lambda photos: shutil.rmtree(photos / "rose"), "found 1 class folders ['tulip'] in photos"),
    "an empty class": (lambda photos: (photos / "lily").mkdir(), "no image in the class folders lily"),
    "no image at all": (remove_all_but(), "no image in the class folders rose, tulip"),
    "one image": (remove_all_but("rose/0.png"), "no image in the class folders tulip"),
    "no image for a split": (remove_all_but("rose/0.png", "tulip/0.png"), "means no image; allowed: a slice with at"),
    "a decompression bomb": (
        lambda photos: (photos / "rose/b.png").write_bytes(png_bomb()),
        "more than 89,478,485 pixels",
    ),
    "a truncated image": (
        lambda photos: (photos / "rose/t.png").write_bytes((photos / "rose/0.png").read_bytes()[:60]),
        "rose/t.png: damaged image",
    ),
    "an empty file": (beside("rose/e.jpg", b""), "rose/e.jpg: the file is empty"),
    "a text file": (beside("tulip/notes.jpg", b"remember the water"), "tulip/notes.jpg: not an image; allowed: JPEG"),
    "a link to nothing": (link("rose/l.png", "gone.png"), "1 links in photos, and DVC does not watch"),
    "a link to itself": (link("rose/l.png", "l.png"), "rose/l.png → l.png"),
    "a loop of folders": (link("rose/loop", "../rose"), "rose/loop → ../rose"),
    "a linked file": (link("rose/l.png", "../tulip/0.png"), "rose/l.png → ../tulip/0.png"),
    "a linked class": (link("lily", "rose"), "lily → rose"),
    "a link to memory": (link("rose/u.png", "/proc/self/mem"), "rose/u.png → /proc/self/mem"),
    "a name with a blank at its end": (
        lambda photos: (photos / "rose").rename(photos / "tulip "),
        "'tulip' and 'tulip ' look the same",
    ),
    "a name with a line break": (
        lambda photos: (photos / "rose").rename(photos / "ro\nse"),
        "'ro\\nse': its name has a line break",
    ),
    "a class called like a split": (
        lambda photos: (photos / "rose").rename(photos / "Train"),
        "some folders in photos are called like splits (Train) and some are not (tulip)",
    ),
    "a test split without labels": (
        lambda photos: ((photos / "rose").rename(photos / "test"), shutil.move(photos / "tulip", photos / "train/a")),
        "`herbarium predict photos/test` answers for them",
    ),
    "a name that is not UTF-8": (
        lambda photos: shutil.copy(photos / "rose/0.png", os.fsencode(photos) + b"/rose/\xff.png"),
        "rose/\\udcff.png: its name is not UTF-8; rename it",
    ),
    "val and validation": (
        lambda photos: (
            [paint(photos / s / "rose/0.png", seed=9) for s in ("train", "val", "validation")]
            and [shutil.rmtree(photos / name) for name in ("rose", "tulip")]
        ),
        "val and validation in photos are called like one split, validation; put their images into one of them",
    ),
    "no test split": (splits_without_test, "has no split test; allowed: train (2 images), validation (2 images)"),
    "an image in two splits": (
        lambda photos: [shutil.copy(photos / "rose/0.png", photos / f"rose/again {n}.png") for n in range(9)],
        "groups of identical images are in more than one split",
    ),
}


@pytest.fixture
def photos(project: Path) -> Path:
    """Two classes of six photographs."""
    for n in range(12):
        paint(Path("photos") / ("rose" if n % 2 else "tulip") / f"{n // 2}.png", seed=n)
    return Path("photos")


def folder_params(**changes: Any) -> None:
    splits = {"train": "train[:50%]", "validation": "train[50%:75%]", "test": "train[75%:]"}
    source = {"data.source": "image_folder", "data.name": "photos", "data.path": "photos", "data.splits": splits}
    write_params(source | changes)


@pytest.mark.parametrize("name", REFUSED_FOLDERS)
def test_folders_that_are_refused(
    name: str, photos: Path, herbarium: Callable[..., Told], outcome: Callable, request: pytest.FixtureRequest
) -> None:
    change, says = REFUSED_FOLDERS[name]
    change(photos)
    names = {"train": "train", "validation": "validation", "test": "test"}
    folder_params(**({"data.splits": names} if name == "no test split" else {}))
    before = snapshot()
    told = herbarium("fetch")
    if told.code == 0:  # what the files are is known now, and what the splits make of them is refused
        before = snapshot()
        told = herbarium("preprocess")
    assert_refused(told, before, "data.", says)
    outcome("bad input", "image folders", REFUSED, inputs=1)


WORKING_FOLDERS: dict[str, Callable[[Path], Any]] = {
    "spaces": lambda photos: (photos / "rose").rename(photos / "rose  of the alps"),
    "unicode": lambda photos: ((photos / "rose").rename(photos / "バラ 🌹"), paint(photos / "バラ 🌹/é.png", 77)),
    "hidden files": lambda photos: [(photos / n).write_text("x") for n in (".DS_Store", "rose/.x.jpg", "README.txt")],
    "nested folders": lambda photos: paint(photos / "rose/deep/er/still/a.png", seed=78),
    "wrong extensions": lambda photos: [p.rename(p.with_suffix(".jpg")) for p in photos.rglob("*.png")],
    "upper case": lambda photos: [p.rename(p.with_suffix(".PNG")) for p in photos.rglob("*.png")],
    "one pixel": lambda photos: paint(photos / "rose/tiny.png", seed=79, size=(1, 1)),
    "a long strip": lambda photos: paint(photos / "rose/strip.png", seed=80, size=(1, 4000)),
    "what systems leave": lambda photos: [
        (photos / n).write_text("x") for n in ("rose/Thumbs.db", "tulip/desktop.ini")
    ],
    "a linked source": lambda photos: photos.rename("far") and photos.symlink_to("far"),
    "splits of other names": lambda photos: (
        [
            paint(photos / s / label / "0.png", seed=len(s + label))
            for s in ("valid", "Test")
            for label in ("rose", "tulip")
        ]
        and [shutil.move(photos / label, photos / "Training" / label) for label in ("rose", "tulip")]
    ),
}


@pytest.mark.parametrize("name", WORKING_FOLDERS)
def test_unusual_folders_that_work(name: str, photos: Path, herbarium: Callable[..., Told], outcome: Callable) -> None:
    WORKING_FOLDERS[name](photos)
    folder_params()
    assert herbarium("fetch").code == 0
    told = herbarium("preprocess")
    assert told.code == 0, told.err
    found = sum(len(records.read_npy(paths.labels(split))) for split in paths.SPLITS)
    source = photos / "Training" if (photos / "Training").exists() else photos  # the slices are all of train
    assert found == len([file for file in source.glob("*/**/*.[pPjJ][nNpP][gG]") if "/." not in str(file)])
    outcome("unusual input", "image folders", WORKS, inputs=1)


def test_bad_images_can_be_left_out_and_are_listed(
    photos: Path, herbarium: Callable[..., Told], outcome: Callable
) -> None:
    (photos / "rose/broken.png").write_bytes(b"no image")
    folder_params(**{"data.on_bad_image": "skip"})
    assert herbarium("fetch").code == herbarium("preprocess").code == 0
    assert [bad["name"] for bad in records.read_json(paths.DATASET)["skipped"]] == ["rose/broken.png"]
    outcome("unusual input", "image folders", WORKS, inputs=1)
