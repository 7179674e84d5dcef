"""What extract-features has stored, and from what: one file for what all splits share, one beside each split's arrays.

So the file of one split is the same whatever happens to the images of another.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pipeline.files import paths, records

# Of these keys every split has a value of its own: number of images, digest of the images, digests of the files.
OF_SPLITS = ("images", "sources", "digests")


def write(index: Mapping[str, Any]) -> None:
    """Write `index`: what holds for all splits, and under each of `OF_SPLITS` a mapping from split to value."""
    for split in index["digests"]:
        records.write_json(paths.split_index(split), {key: index[key][split] for key in OF_SPLITS})
    shared = {key: value for key, value in index.items() if key not in OF_SPLITS}
    records.write_json(paths.FEATURES_INDEX, shared)


def read(splits: Iterable[str] = paths.SPLITS, root: Path = Path()) -> dict[str, Any]:
    """As `write` was given it, of these splits only, in the project at `root`. Raises FileNotFoundError."""
    found = {split: records.read_json(root / paths.split_index(split)) for split in splits}
    of_splits = {key: {split: content[key] for split, content in found.items()} for key in OF_SPLITS}
    return {**records.read_json(root / paths.FEATURES_INDEX), **of_splits}


def files(splits: Iterable[str] = paths.SPLITS, root: Path = Path()) -> list[Path]:
    """What `read` reads."""
    return [root / path for path in (paths.FEATURES_INDEX, *map(paths.split_index, splits))]


def missing(splits: Iterable[str] = paths.SPLITS, root: Path = Path()) -> Path | None:
    """The first of those files that is not there."""
    return next((file for file in files(splits, root) if not file.exists()), None)
