"""The image-folder source: one folder per class, found, checked and written in an order that names cannot change.

photographs/rose/a.jpg                    one split, train; files may lie deeper inside a class's folder
photographs/train/rose/a.jpg              splits kept; also validation (or val) and test
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipeline.data import images, raw
from pipeline.data.parallel import ordered_map
from pipeline.process.errors import DataError

SPLITS = {"train": "train", "validation": "validation", "val": "validation", "test": "test"}
_SHOWN = 50


@dataclass(frozen=True)
class ImageFile:
    """A file that decodes: its place, class index, name relative to the source, SHA-256 of its bytes."""

    path: Path
    label: int
    name: str
    sha256: str


@dataclass(frozen=True)
class BadFile:
    """A file that does not: its name relative to the source, and why."""

    name: str
    reason: str


def write(folder: Path, name: str, source: Path, on_bad_image: str) -> list[BadFile]:
    """Write the images of `source` below `folder` as data set `name`; return the files left out.

    Every file not hidden inside a class's folder must decode. Raises DataError: `source` is no folder, has fewer than
    two classes, a class or a split without images, or, unless `on_bad_image` is "skip", has unreadable files (all are
    listed).
    """
    layout = _layout(source)
    classes = sorted({child.name for root in layout.values() for child in _folders(root)})
    if len(classes) < 2:
        raise DataError(
            f"data.path: found {len(classes)} class folders {classes} in {source}; allowed: at least two,"
            " one folder of images per class"
        )
    empty = [name for name in classes if not any(_files(root / name) for root in layout.values())]
    if empty:
        raise DataError(
            f"data.path: no image in the class folders {', '.join(empty)} of {source}; put some there, or remove them"
        )
    inspected = {split: _inspect(source, root, classes) for split, root in layout.items()}
    bad = [file for files in inspected.values() for file in files if isinstance(file, BadFile)]
    if bad and on_bad_image == "error":
        raise DataError(_listing(source, bad))
    good = {split: [file for file in files if isinstance(file, ImageFile)] for split, files in inspected.items()}
    for split, files in good.items():
        if not files:
            raise DataError(f"data.path: no readable image in {layout[split]}; allowed: {', '.join(images.FORMATS)}")
    raw.write(folder, name, classes, {split: _ordered(files) for split, files in good.items()})
    return bad


def _layout(source: Path) -> dict[str, Path]:
    """Folder of each split: the sub-folders if all are called like splits, else `source` itself as train."""
    if not source.is_dir():
        found = "a file" if source.exists() else "nothing"
        raise DataError(f"data.path: found {found} at {source}; allowed: a folder with one folder of images per class")
    children = _folders(source)
    if "train" not in {child.name for child in children} or any(child.name not in SPLITS for child in children):
        return {"train": source}
    layout = {SPLITS[child.name]: child for child in children}
    if len(layout) < len(children):
        raise DataError(f"data.path: found both val and validation in {source}; put their images into one of them")
    return layout


def _folders(root: Path) -> list[Path]:
    return sorted(child for child in root.iterdir() if child.is_dir() and not child.name.startswith("."))


def _inspect(source: Path, root: Path, classes: list[str]) -> list[ImageFile | BadFile]:
    """Every visible file of every class below `root`, good or bad, by class and name."""
    found = [(path, classes.index(folder.name)) for folder in _folders(root) for path in _files(folder)]
    return list(ordered_map(partial(_inspect_file, source), found))


def _files(folder: Path) -> list[Path]:
    # Links count even where they lead nowhere, or to a folder: left out silently, images would be missing.
    inside = sorted(path for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    return [p for p in inside if not any(part.startswith(".") for part in p.relative_to(folder).parts)]


def _inspect_file(source: Path, found: tuple[Path, int]) -> ImageFile | BadFile:
    path, label = found
    name = path.relative_to(source).as_posix()
    try:
        name.encode()
        encoded = path.read_bytes()
        images.decode(encoded, channels=3)
    except UnicodeEncodeError:
        return BadFile(name.encode(errors="replace").decode(), "its name is not UTF-8; rename it")
    except OSError as error:
        return BadFile(name, f"cannot be read ({error.strerror})")
    except DataError as error:
        return BadFile(name, str(error))
    return ImageFile(path, label, name, hashlib.sha256(encoded).hexdigest())


def _ordered(files: list[ImageFile]) -> Iterator[raw.RawImage]:
    """`files` by content; identical ones, numbered so that their keys differ, by class and name."""
    previous, copy = "", 0
    for file in sorted(files, key=lambda f: (f.sha256, f.label, f.name)):
        copy = copy + 1 if file.sha256 == previous else 0
        previous = file.sha256
        yield raw.RawImage(raw.content_key(file.sha256, copy), _reread(file), file.label, file.name)


def _reread(file: ImageFile) -> bytes:
    """The bytes that were inspected: kept in memory they might not fit. Raises DataError if they are others now."""
    try:
        encoded = file.path.read_bytes()
    except OSError:
        encoded = b""
    if hashlib.sha256(encoded).hexdigest() != file.sha256:
        raise DataError(f"data.path: {file.path} was changed while it was read: run dvc repro again")
    return encoded


def _listing(source: Path, bad: list[BadFile]) -> str:
    lines = [f"  {file.name}: {file.reason}" for file in bad[:_SHOWN]]
    if len(bad) > _SHOWN:
        lines.append(f"  … and {len(bad) - _SHOWN} more")
    return "\n".join(
        [
            f"data.path: {len(bad)} unreadable images in {source}:",
            *lines,
            "Remove or replace them, or set data.on_bad_image: skip to leave them out and have them reported.",
        ]
    )
