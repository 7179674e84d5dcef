"""How a folder of photographs is meant: one folder per class, or such folders below one folder per split.

Other tools call the splits by other names. Where the names allow two readings, neither is guessed.
"""

import re
import shlex
from collections import defaultdict
from pathlib import Path

from pipeline.data import names, tree
from pipeline.process.errors import DataError

# Any upper and lower case. The names on the right are those of data.splits.
_SPLITS = {
    **dict.fromkeys(("train", "training", "trainset"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev", "valset"), "validation"),
    **dict.fromkeys(("test", "testing", "testset", "holdout"), "test"),
}
# Beside such a name these say nothing: training_set, seg_train, Test-Images.
_BESIDE = {"set", "data", "dataset", "image", "images", "img", "imgs", "photos", "pictures", "seg", "split", "folder"}


def of(source: Path) -> dict[str, Path]:
    """The folder of each split: the sub-folders if all are called like splits, else `source` itself as train.

    Raises DataError: `source` is no folder, only some sub-folders are called like splits, two are called like one
    split, or a split has no class folders.
    """
    if not source.is_dir():
        what = "a file" if source.exists() else "a link that leads nowhere" if source.is_symlink() else "nothing"
        raise DataError(f"data.path: found {what} at {source}; allowed: a folder with one folder of images per class")
    children = tree.folders(source)
    like_splits = [child for child in children if split_called(child.name)]
    if not like_splits:
        return {"train": source}
    if others := [child for child in children if not split_called(child.name)]:
        raise DataError(_mixture(source, like_splits, others))
    layout = _by_split(source, like_splits)
    for folder in layout.values():
        _require_classes(folder)
    return layout


def split_called(name: str) -> str | None:
    """The split, as data.splits has it, that others call `name`; None if it is no name of a split."""
    words = [word for word in re.split(r"[\W_]+", name.casefold()) if word not in _BESIDE]
    return _SPLITS.get(words[0]) if len(words) == 1 else None


def _mixture(source: Path, like_splits: list[Path], others: list[Path]) -> str:
    some, rest = _listed(like_splits), _listed(others)
    return "\n".join(
        [
            f"data.path: some folders in {source} are called like splits ({some}) and some are not ({rest}):",
            f"  if all are classes, put them into one folder {source / 'train'}",
            f"  if {some} are splits, put {rest} into them as classes, or elsewhere",
        ]
    )


def _by_split(source: Path, folders: list[Path]) -> dict[str, Path]:
    found: defaultdict[str, list[Path]] = defaultdict(list)
    for folder in folders:
        found[str(split_called(folder.name))].append(folder)
    for split, same in found.items():
        if len(same) > 1:
            raise DataError(
                f"data.path: {_listed(same)} in {source} are called like one split, {split};"
                " put their images into one of them"
            )
    order = ("train", "validation", "test")
    return {split: found[split][0] for split in order if split in found}


def _require_classes(folder: Path) -> None:
    if tree.folders(folder):
        return
    loose = len(tree.loose_files(folder))
    if not loose:
        raise DataError(f"data.path: {folder} is empty; put one folder of images per class there, or remove it")
    ask = shlex.join(["herbarium", "predict", str(folder)])
    raise DataError(
        f"data.path: {folder} is called like a split and holds {loose} files, but no folder per class: images without"
        f" labels cannot be trained or tested on. Take it out of data.path; `{ask}` answers for"
        f" them once a network is trained. If it is a class, put it and the others into one folder"
        f" {folder.parent / 'train'}"
    )


def refuse_splits_in_classes(source: Path, classes: list[Path]) -> None:
    """Raise DataError if class folders hold folders called like two splits or more: they would be read as one."""
    inside = {split for folder in classes for child in tree.folders(folder) if (split := split_called(child.name))}
    if len(inside) > 1:
        raise DataError(
            f"data.path: the class folders of {source} hold folders called like splits ({', '.join(sorted(inside))}):"
            f" turn them inside out, as in {source / 'train' / classes[0].name}, or rename them to have all their"
            " images in one split"
        )


def one_too_high(folders: dict[str, list[Path]]) -> str:
    """What to add if the only folder holds folders: it is the one that was meant."""
    only = [folder for same_split in folders.values() for folder in same_split]
    meant = len(only) == 1 and len(tree.folders(only[0])) > 1
    return (
        f". {only[0]} has some: if they are the classes, give herbarium start, or data.path, that folder"
        if meant
        else ""
    )


def _listed(folders: list[Path]) -> str:
    shown = [names.shown(folder.name) for folder in folders]
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if shown[1:] else shown)
