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
    folders = {split: tree.folders(root) for split, root in layout.of(source).items()}
    classes = _classes(source, folders)
    files = {split: tree.files(source, same_split) for split, same_split in folders.items()}
    found = {
        split: [
            Labelled(path, classes.index(names.composed(folder.name)))
            for folder, paths in zip(same_split, files[split], strict=True)
            for path in paths
        ]
        for split, same_split in folders.items()
    }
    _require_images(source, classes, found)
    return image_files.write(folder, name, source, classes, found, on_bad_image)


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


def _require_images(source: Path, classes: list[str], found: dict[str, list[Labelled]]) -> None:
    filled = {file.label for files in found.values() for file in files}
    if empty := [name for label, name in enumerate(classes) if label not in filled]:
        raise DataError(
            f"data.path: no image in the class folders {', '.join(empty)} of {source}; put some there, or remove them"
        )
