"""The image-folder source: one folder per class, found, checked and written in an order that names cannot change.

photographs/rose/a.jpg                    one split, train; files may lie deeper inside a class's folder
photographs/train/rose/a.jpg              splits kept, whatever of their usual names they have (see layout.py)
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipeline.data import images, layout, names, parallel, raw, tree
from pipeline.process import progress
from pipeline.process.errors import DataError

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

    Every visible file inside a class's folder must decode, apart from what systems leave there. Raises DataError:
    `source` is no folder, may be read in two ways, holds links, has fewer than two classes, classes whose names cannot
    be used, a class or a split without images, or, unless `on_bad_image` is "skip", unreadable files (all are listed).
    """
    roots = layout.of(source)
    folders = {split: tree.folders(root) for split, root in roots.items()}
    classes = _classes(source, folders)
    found = {split: list(zip(folders[split], tree.files(source, folders[split]), strict=True)) for split in roots}
    _require_images(source, classes, found)
    inspected = _inspected(source, classes, found)
    bad = [file for files in inspected.values() for file in files if isinstance(file, BadFile)]
    if bad and on_bad_image == "error":
        raise DataError(_listing(source, bad))
    good = {split: [file for file in files if isinstance(file, ImageFile)] for split, files in inspected.items()}
    for split, files in good.items():
        if not files:
            raise DataError(f"data.path: no readable image in {roots[split]}; allowed: {', '.join(images.FORMATS)}")
    with progress.images("writing", sum(map(len, good.values()))) as advance:
        raw.write(folder, name, classes, {split: _ordered(files, advance) for split, files in good.items()})
    return bad


_Found = dict[str, list[tuple[Path, list[Path]]]]  # of each split: each class's folder and its files


def _classes(source: Path, folders: dict[str, list[Path]]) -> list[str]:
    """The class names, sorted; the same name in two splits is one class."""
    for same_split in folders.values():
        names.require_distinct([names.decoded(folder.name) for folder in same_split], f"data.path: {source}")
    classes = sorted({names.composed(folder.name) for same_split in folders.values() for folder in same_split})
    names.require_distinct(classes, f"data.path: {source}")
    layout.refuse_splits_in_classes(source, [folder for same_split in folders.values() for folder in same_split])
    if len(classes) < 2:
        raise DataError(
            f"data.path: found {len(classes)} class folders {classes} in {source}; allowed: at least two, one folder"
            f" of images per class{layout.one_too_high(folders)}"
        )
    return classes


def _require_images(source: Path, classes: list[str], found: _Found) -> None:
    filled = {names.composed(folder.name) for split in found.values() for folder, files in split if files}
    if empty := [name for name in classes if name not in filled]:
        raise DataError(
            f"data.path: no image in the class folders {', '.join(empty)} of {source}; put some there, or remove them"
        )


def _inspected(source: Path, classes: list[str], found: _Found) -> dict[str, list[ImageFile | BadFile]]:
    """Every file, good or bad, by split, class folder and name."""
    inspected: dict[str, list[ImageFile | BadFile]] = {}
    room = parallel.room()
    for split, folders in found.items():
        labelled = [(path, classes.index(names.composed(folder.name))) for folder, files in folders for path in files]
        with progress.images(f"looking at {split}", len(labelled)) as advance:
            inspected[split] = []
            for file in parallel.ordered_map(partial(_inspect, source, room), labelled):
                inspected[split].append(file)
                advance(1)
    return _told_apart(inspected)


def _inspect(source: Path, room: parallel.Room, labelled: tuple[Path, int]) -> ImageFile | BadFile:
    path, label = labelled
    name = names.composed(path.relative_to(source).as_posix())
    if reason := names.problem(name):
        return BadFile(names.plain(name), reason)
    if not path.is_file():
        return BadFile(name, "is no regular file")
    try:
        encoded = path.read_bytes()
        with room.taken(images.working_bytes(encoded)):
            images.decode(encoded, channels=3)
    except OSError as error:
        return BadFile(name, f"cannot be read ({error.strerror})")
    except DataError as error:
        return BadFile(name, str(error))
    return ImageFile(path, label, name, hashlib.sha256(encoded).hexdigest())


def _told_apart(inspected: dict[str, list[ImageFile | BadFile]]) -> dict[str, list[ImageFile | BadFile]]:
    """Files whose names differ in the form of their Unicode only are bad: a name is what stands for an image."""
    count = Counter(file.name for files in inspected.values() for file in files)
    reason = "another file's name is the same in Unicode's composed form; rename one"
    return {
        split: [BadFile(file.name, reason) if count[file.name] > 1 else file for file in files]
        for split, files in inspected.items()
    }


def _ordered(files: list[ImageFile], advance: Callable[[int], None]) -> Iterator[raw.RawImage]:
    """`files` by content; identical ones, numbered so that their keys differ, by class and name."""
    previous, copy = "", 0
    for file in sorted(files, key=lambda f: (f.sha256, f.label, f.name)):
        copy = copy + 1 if file.sha256 == previous else 0
        previous = file.sha256
        yield raw.RawImage(raw.content_key(file.sha256, copy), _reread(file), file.label, file.name)
        advance(1)


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
