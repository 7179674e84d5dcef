"""What is worth saying about a folder of photographs before it is read: nothing here stops anything."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.data import images, layout, names, slices, table, table_source, tree
from pipeline.process import git, naming
from pipeline.process.errors import DataError
from pipeline.process.git import GitError

_SHOWN = 3

if TYPE_CHECKING:
    from pipeline.params.data_section import Data


def of(data: Data) -> list[str]:
    """What can be said of data.path without reading an image, a sentence each."""
    source = Path(data.path)
    if not source.exists():
        return [f"data.path: nothing is at {source} yet, and `dvc repro` needs a folder there"]
    if data.source == "table":
        return [*_copies(source), *_of_table(source / str(data.table))]
    if data.source != "image_folder":
        return []
    wanted = {split: getattr(data.splits, split) for split in ("train", "validation", "test")}
    try:
        return [*_copies(source), *of_folder(source), *slices.left_out(wanted, layout.of(source))]
    except DataError as error:
        return [str(error)]


def of_folder(source: Path) -> list[str]:
    """Which folder is which split, and classes and images that may be meant otherwise. Raises DataError as `layout.of`
    does."""
    roots = layout.of(source)
    folders = [folder for root in roots.values() for folder in tree.folders(root)]
    loose = [path for folder in {source, *roots.values()} for path in tree.loose_files(folder)]
    return [*_splits(source, roots), *variants({names.composed(f.name) for f in folders}), *_unlabelled(source, loose)]


def variants(classes: Iterable[str]) -> list[str]:
    """Which classes may be one, written in two ways."""
    return [
        f"classes that differ in upper and lower case only: {', '.join(map(repr, same))}"
        for same in names.case_variants(sorted(classes))
    ]


def _of_table(path: Path) -> list[str]:
    try:
        return variants(table_source.classes(path, table.read(path)))
    except DataError:
        return []  # which refusals.py says


def _copies(source: Path) -> list[str]:
    """Whether the copies of the project that DVC works in would have this folder."""
    inside = not source.is_absolute() and ".." not in source.parts
    by_dvc = [folder for folder in (source, *source.parents) if Path(f"{folder}.dvc").exists()]
    if not inside or by_dvc or not _git_lacks(source):
        return []
    shown = names.shown(source)
    track = shlex.join(["dvc", "add", shown])
    return [f"`dvc exp run --temp` and the queue will not find {shown}; `{track}` and a commit let them"]


def _git_lacks(source: Path) -> bool:
    try:
        return git.lacks(source)
    except GitError:  # no repository, or none that may be read: there are no copies of it either
        return False


def _splits(source: Path, roots: Mapping[str, Path]) -> list[str]:
    if list(roots.values()) == [source]:
        return []
    return ["splits: " + ", ".join(f"{split} from {names.shown(root)}" for split, root in roots.items())]


def _unlabelled(source: Path, loose: Iterable[Path]) -> list[str]:
    found = sorted(path for path in loose if path.suffix.lower() in images.ENDINGS)
    if not found:
        return []
    shown = naming.some([names.shown(path.relative_to(source)) for path in found], _SHOWN)
    return [f"{len(found)} images beside the class folders have no label and are left out: {shown}"]
