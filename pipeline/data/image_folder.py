"""The image-folder source: one folder per class, found, checked and written in an order that names cannot change.

photographs/rose/a.jpg                    one split, train; files may lie deeper inside a class's folder
photographs/train/rose/a.jpg              splits kept, whatever of their usual names they have (see layout.py)
"""

from pathlib import Path

from pipeline.data import image_files, layout, names, tree
from pipeline.data.image_files import BadFile, Labelled
from pipeline.process.errors import DataError


def write(folder: Path, name: str, source: Path, on_bad_image: str) -> list[BadFile]:
    """Write the images of `source` below `folder` as data set `name`; return the files left out.

    Every visible file inside a class's folder must decode, apart from what systems leave there. Raises DataError:
    `source` is no folder, may be read in two ways, holds links, has fewer than two classes, classes whose names cannot
    be used, a class or a split without images, or, unless `on_bad_image` is "skip", unreadable files (all are listed).
    """
    folders = _folders(source)
    found_classes = _classes(source, folders)
    files = {split: tree.files(source, same_split) for split, same_split in folders.items()}
    found = {
        split: [
            Labelled(path, found_classes.index(names.composed(folder.name)))
            for folder, paths in zip(same_split, files[split], strict=True)
            for path in paths
        ]
        for split, same_split in folders.items()
    }
    _require_images(source, found_classes, found)
    return image_files.write(folder, name, source, found_classes, found, on_bad_image)


def classes(source: Path) -> list[str]:
    """The class names, sorted; the same name in two splits is one class. Raises DataError as `write`."""
    return _classes(source, _folders(source))


def _folders(source: Path) -> dict[str, list[Path]]:
    """Split → its class folders."""
    return {split: tree.folders(root) for split, root in layout.of(source).items()}


def _classes(source: Path, folders: dict[str, list[Path]]) -> list[str]:
    for same_split in folders.values():
        names.require_distinct([names.decoded(folder.name) for folder in same_split], f"data.path: {source}")
    found = sorted({names.composed(folder.name) for same_split in folders.values() for folder in same_split})
    names.require_distinct(found, f"data.path: {source}")
    layout.refuse_splits_in_classes(source, [folder for same_split in folders.values() for folder in same_split])
    if len(found) < 2:
        raise DataError(
            f"data.path: found {len(found)} class folders {found} in {source}; allowed: at least two, one folder"
            f" of images per class{layout.one_too_high(folders)}"
        )
    return found


def _require_images(source: Path, classes: list[str], found: dict[str, list[Labelled]]) -> None:
    filled = {file.label for files in found.values() for file in files}
    if empty := [name for label, name in enumerate(classes) if label not in filled]:
        raise DataError(
            f"data.path: no image in the class folders {', '.join(empty)} of {source}; put some there, or remove them"
        )
