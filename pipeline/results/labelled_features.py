"""What is stored of all images, to be asked about their labels: features of the highest cut, groups, pixels' places."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.files import features_index, paths, records
from pipeline.process.errors import DataError

_CHUNK = 256  # images


@dataclass(frozen=True)
class Stored:
    """What is stored of N images: names, splits, groups, labels (N,), features (N, D), and where the pixels are."""

    names: list[str]
    splits: list[str]
    groups: list[str]
    labels: np.ndarray
    features: np.ndarray
    places: list[tuple[str, int]]


def read() -> Stored:
    """Raises DataError if nothing has been extracted."""
    if missing := features_index.missing(paths.SPLITS, Path()):
        raise DataError(f"{missing}: not found; nothing has been extracted here yet: run `dvc repro extract-features`")
    group_of = {row["name"]: row["group"] for row in records.read_csv(paths.SPLIT_TABLE)}
    file = features_index.read(paths.SPLITS, Path())["cuts"][-1]["file"]  # the highest: its activations tell most
    ids = {split: records.read_csv(paths.ids(split)) for split in paths.SPLITS}
    rows = [(split, n, row) for split in paths.SPLITS for n, row in enumerate(ids[split])]
    return Stored(
        names=[row["name"] for *_, row in rows],
        splits=[split for split, *_ in rows],
        groups=[group_of.get(row["name"]) or row["sha256"] for *_, row in rows],
        labels=np.concatenate([records.read_npy(paths.labels(split)) for split in paths.SPLITS]),
        features=np.concatenate(
            [
                _pooled(paths.FEATURES / split / file if file else paths.images(split), len(ids[split]))
                for split in paths.SPLITS
            ]
        ),
        places=[(split, n) for split, n, _ in rows],
    )


def _pooled(path: Path, images: int) -> np.ndarray:
    """Of the first N `images` activations (N, …, D), without augmented views, which come after them: averaged over
    places, float32 (N, D), read in parts; of pixels a few mean colours."""
    stored = records.read_npy(path)
    inner = tuple(range(1, stored.ndim - 1))
    starts = range(0, images, _CHUNK)
    parts = [np.asarray(stored[n : min(n + _CHUNK, images)], np.float32).mean(axis=inner) for n in starts]
    return np.concatenate(parts)
