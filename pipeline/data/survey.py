"""A folder of photographs at a glance: what parameters must know of it before any can be written."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from PIL import Image

from pipeline.data import images, layout, names, tree
from pipeline.process.errors import DataError

_LOOKED_AT = 1000  # images, evenly spread over the classes: to say how large they are is no reason to read all
_SHOWN = 5
_SKIP = "data.on_bad_image: skip goes on without them"
_GREY = ("1", "L", "I", "I;16", "F")  # Pillow's modes without colour
_BEGINNINGS = re.compile(rb"\xff\xd8\xff|\x89PNG|GIF8|RIFF....WEBP|BM|II[*+]\0|MM\0[*+]", re.DOTALL)  # of images
_HEAD_BYTES = 16


@dataclass(frozen=True)
class Survey:
    """`splits`, `classes`: name → images, without what was opened and is none. `side`: median of the images' shorter
    sides, pixels. `grey`: none of those looked at has colour. `all_opened`: all were looked at, not some of them.
    `refused`: what stops an experiment with these images; `noted`: images that may be meant otherwise than they count;
    a sentence each."""

    splits: Mapping[str, int]
    classes: Mapping[str, int]
    side: int
    grey: bool
    all_opened: bool = True
    refused: Sequence[str] = ()
    noted: Sequence[str] = ()

    @property
    def images(self) -> int:
        return sum(int(count) for count in self.classes.values())


def of(source: Path) -> Survey:
    """Look at the folder `source`; headers of some images are read. Raises DataError: it is none of images by class."""
    roots = layout.of(source)
    folders = {split: tree.folders(root) for split, root in roots.items()}
    lying = {(split, folder): _files(folder) for split, inside in folders.items() for folder in inside}
    others = _looked_at([path for paths in lying.values() for path in paths if not _is_named_so(path)])
    endings = images.ENDINGS | {path.suffix.lower() for path, is_image in others.items() if is_image}
    files = {key: [p for p in paths if others.get(p, p.suffix.lower() in endings)] for key, paths in lying.items()}
    loose = [p for root in roots.values() for p in tree.loose_files(root) if p.suffix and p.suffix.lower() in endings]
    seen = {path: _seen(path) for path in _some(files)}
    none = {path for path, found in seen.items() if not found}
    counts = {key: sum(path not in none for path in paths) for key, paths in files.items()}
    classes = _summed((folder.name, count) for (_, folder), count in counts.items() if count)
    known = [found for found in seen.values() if found]
    if seen and not known:
        raise DataError(f"data.path: none of the images in {source} that were looked at can be read")
    if len(classes) < 2:
        raise DataError(_too_few(source, len(classes), len(loose)) + layout.one_too_high(folders))
    return Survey(
        {**dict.fromkeys(roots, 0), **_summed((split, count) for (split, _), count in counts.items())},
        dict(sorted(classes.items())),
        round(median(side for side, _ in known)),
        all(grey for _, grey in known),
        len(seen) == sum(map(len, files.values())),
        list(_refused(source, none, [folder for (_, folder), n in counts.items() if not n], _none_of(others))),
        list(_noted(source, loose, _nested(files), _hidden(roots.values()))),
    )


def is_image(path: Path) -> bool:
    """Whether the file is called like an image, or can be opened as one."""
    return _is_named_so(path) or _seen(path) is not None


def described(folder: str, survey: Survey) -> str:
    """What was seen in `folder`, as it is called, a line or more."""
    rarest = min(survey.classes, key=lambda name: (survey.classes[name], name))
    what = "images" if survey.all_opened else "files named like images"
    first = (
        f"{names.shown(folder)}: {survey.images:,} {what} of {len(survey.classes)} classes, the fewest of"
        f" {names.plain(rarest)} ({survey.classes[rarest]:,}); {'grey' if survey.grey else 'in colour'}, about"
        f" {survey.side} pixels high or wide"
    )
    return "\n".join([first, *survey.refused, *survey.noted])


def _too_few(source: Path, classes: int, loose: int) -> str:
    also = f", and {classes} folders have some" if classes else ""
    there = f"{loose:,} images lie directly in it{also}" if loose else ""
    move = ": move them into a folder of each class" if loose else ""
    return (
        f"data.path: {source}: {there or f'has images in {classes} folders'}; allowed: one folder of images per class,"
        f" two or more{move}"
    )


def _refused(source: Path, none: Set[Path], empty: Sequence[Path], others: Sequence[Path]) -> Iterator[str]:
    if others:
        yield f"no images in class folders: {tree.some(source, others, _SHOWN)}; move them elsewhere, or {_SKIP}"
    if none:
        yield f"no images, though named so: {tree.some(source, none, _SHOWN)}; {_SKIP}"
    if empty:
        yield f"class folders without an image: {tree.some(source, empty, _SHOWN)}; put some there, or remove them"


def _noted(source: Path, loose: Sequence[Path], nested: Set[Path], hidden: Sequence[Path]) -> Iterator[str]:
    if loose:
        yield f"images in no class folder, which are left out: {tree.some(source, loose, _SHOWN)}"
    if nested:
        yield f"folders in class folders, whose images count as of that class: {tree.some(source, nested, _SHOWN)}"
    if hidden:
        yield (
            "folders with images whose names begin with a dot, which are left out:"
            f" {tree.some(source, hidden, _SHOWN)}; rename them if they are classes"
        )


def _nested(files: Mapping[tuple[str, Path], Sequence[Path]]) -> set[Path]:
    """The folders directly in class folders that hold images, at any depth."""
    return {
        folder / path.relative_to(folder).parts[0]
        for (_, folder), paths in files.items()
        for path in paths
        if path.parent != folder
    }


def _hidden(roots: Iterable[Path]) -> list[Path]:
    """The folders beside class folders that nothing looks into, with an image directly in them."""
    hidden = (path for root in roots for path in root.iterdir() if path.name.startswith(".") and path.is_dir())
    return [path for path in hidden if os.access(path, os.R_OK) and any(map(_is_named_so, tree.loose_files(path)))]


def _summed(counted: Iterable[tuple[str, int]]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for name, count in counted:
        found[name] += count
    return dict(found)


def _some(files: Mapping[tuple[str, Path], Sequence[Path]]) -> Iterator[Path]:
    """All, or about _LOOKED_AT of them, evenly spread over the classes and over each."""
    most = max(1, _LOOKED_AT // max(1, len(files)))
    every = sum(map(len, files.values())) <= _LOOKED_AT
    for paths in files.values():
        yield from paths if every else paths[:: max(1, len(paths) // most)][:most]


def _files(folder: Path) -> list[Path]:
    return sorted(tree.visible(folder, "data.path"))


def _looked_at(others: Sequence[Path]) -> dict[Path, bool]:
    """Whether those that are named like no image are one all the same; of more, those of like ending are like them."""
    return {path: _seen(path) is not None for path in others[:_LOOKED_AT]}


def _none_of(others: Mapping[Path, bool]) -> list[Path]:
    return [path for path, is_image in others.items() if not is_image]


def _is_named_so(path: Path) -> bool:
    return path.suffix.lower() in images.ENDINGS


def _seen(path: Path) -> tuple[int, bool] | None:
    """An image's shorter side and whether it is grey; None if it is none: `preprocess` names all of these.

    The whole file is read only if its notes are in the way of its head.
    """
    if not path.is_file():  # a pipe would be waited for
        return None
    try:
        with Image.open(path, formats=images.FORMATS) as image:
            return min(image.size), image.mode in _GREY
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return _seen_without_notes(path)


def _seen_without_notes(path: Path) -> tuple[int, bool] | None:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
            encoded = head + file.read() if _BEGINNINGS.match(head) else b""
        width, height, mode = images.header(encoded)
    except (OSError, DataError):
        return None
    return min(width, height), mode in _GREY
