"""Files with labels become a data set: each looked at, all bad ones named at once, written in the order of contents.

What the names and places of files are cannot change that order; what is no image, nobody learns from.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipeline.data import images, names, parallel, raw
from pipeline.data.listing import listed
from pipeline.process import progress
from pipeline.process.errors import DataError

_SHOWN = 50


@dataclass(frozen=True)
class Labelled:
    """A file that is to be an image: its place, class index, and the group it belongs to, if any."""

    path: Path
    label: int
    group: str = ""


@dataclass(frozen=True)
class ImageFile:
    """A file that decodes: its name relative to the source, and the SHA-256 of its bytes."""

    file: Labelled
    name: str
    sha256: str


@dataclass(frozen=True)
class BadFile:
    """A file that does not: its name relative to the source, and why."""

    name: str
    reason: str


def write(
    folder: Path,
    name: str,
    source: Path,
    classes: list[str],
    found: Mapping[str, Sequence[Labelled]],
    on_bad_image: str,
) -> list[BadFile]:
    """Write the files of each split, all below `source`, to `folder` as data set `name`; return those left out.

    Raises DataError: unreadable files (all are listed), unless `on_bad_image` is "skip"; a split without any image.
    """
    inspected = _told_apart({split: _inspected(source, split, files) for split, files in found.items()})
    bad = [file for files in inspected.values() for file in files if isinstance(file, BadFile)]
    if bad and on_bad_image == "error":
        raise DataError(_listing(source, bad))
    good = {split: [file for file in files if isinstance(file, ImageFile)] for split, files in inspected.items()}
    if empty := [split for split, files in good.items() if not files]:
        raise DataError(
            f"data.path: no readable image for {' and '.join(empty)} in {source}; allowed: {', '.join(images.FORMATS)}"
        )
    groups = any(file.group for files in found.values() for file in files)
    with progress.images("writing", sum(map(len, good.values()))) as advance:
        raw.write(folder, name, classes, {s: _ordered(files, advance) for s, files in good.items()}, groups)
    return bad


def _inspected(source: Path, split: str, files: Sequence[Labelled]) -> list[ImageFile | BadFile]:
    """Every file, good or bad, in the given order."""
    inspected = []
    with progress.images(f"looking at {split}", len(files)) as advance:
        for file in parallel.ordered_map(partial(_inspect, source, parallel.room()), files):
            inspected.append(file)
            advance(1)
    return inspected


def _inspect(source: Path, room: parallel.Room, file: Labelled) -> ImageFile | BadFile:
    name = names.composed(file.path.relative_to(source).as_posix())
    if reason := names.problem(name):
        return BadFile(names.plain(name), reason)
    if not file.path.is_file():
        return BadFile(name, "is no regular file")
    try:
        encoded = file.path.read_bytes()
        with room.taken(images.working_bytes(encoded)):
            images.decode(encoded, channels=3)
    except OSError as error:
        return BadFile(name, f"cannot be read ({error.strerror})")
    except DataError as error:
        return BadFile(name, str(error))
    return ImageFile(file, name, hashlib.sha256(encoded).hexdigest())


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
    for file in sorted(files, key=lambda f: (f.sha256, f.file.label, f.name)):
        copy = copy + 1 if file.sha256 == previous else 0
        previous = file.sha256
        key = raw.content_key(file.sha256, copy)
        yield raw.RawImage(key, _reread(file), file.file.label, file.name, file.file.group)
        advance(1)


def _reread(file: ImageFile) -> bytes:
    """The bytes that were inspected: kept in memory they might not fit. Raises DataError if they are others now."""
    try:
        encoded = file.file.path.read_bytes()
    except OSError:
        encoded = b""
    if hashlib.sha256(encoded).hexdigest() != file.sha256:
        raise DataError(f"data.path: {file.file.path} was changed while it was read: run dvc repro again")
    return encoded


def _listing(source: Path, bad: list[BadFile]) -> str:
    return "\n".join(
        [
            f"data.path: {len(bad)} unreadable images in {source}:",
            *listed([f"{file.name}: {file.reason}" for file in bad], _SHOWN),
            "Remove or replace them, or set data.on_bad_image: skip to leave them out and have them reported.",
        ]
    )
