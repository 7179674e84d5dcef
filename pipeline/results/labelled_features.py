"""What is stored of all images, to be asked about their labels: features of all cuts, groups, pixels' places."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.files import features_index, paths, records
from pipeline.process.errors import DataError
from pipeline.results.together import groups_joined, identical_in, leaders

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
    table = {row["name"]: row["group"] for row in records.read_csv(paths.SPLIT_TABLE)}
    group_of = groups_joined(table, identical_in(_report()))
    cuts = features_index.read(paths.SPLITS, Path())["cuts"]
    files = [cut["file"] for cut in cuts if cut["file"]]
    ids = {split: records.read_csv(paths.ids(split)) for split in paths.SPLITS}
    rows = [(split, n, row) for split in paths.SPLITS for n, row in enumerate(ids[split])]
    return Stored(
        names=[row["name"] for *_, row in rows],
        splits=[split for split, *_ in rows],
        groups=_with_copies({row["name"]: (group_of.get(row["name"]), row["sha256"]) for *_, row in rows}),
        labels=np.concatenate([records.read_npy(paths.labels(split)) for split in paths.SPLITS]),
        features=np.concatenate([_features(split, files, len(ids[split])) for split in paths.SPLITS]),
        places=[(split, n) for split, n, _ in rows],
    )


def _with_copies(known: Mapping[str, tuple[str | None, str]]) -> list[str]:
    """The group of each image, name → its group, if it has one, and digest.

    Those of identical images are one, and those of near-duplicates, if they were looked for.
    """
    groups = {name: group or digest for name, (group, digest) in known.items()}
    identical: dict[str, list[str]] = {}
    for name, (_, digest) in known.items():
        identical.setdefault(digest, []).append(name)
    found = _report().get("near_duplicates", {})
    pairs = ([image["name"] for image in pair["images"]] for pair in found.get("pairs", ()))
    alike = [[name for name in names if name in groups] for names in found.get("groups") or pairs]
    together = [*alike, *identical.values()]
    leader = leaders(groups.values(), ((groups[names[0]], groups[name]) for names in together for name in names[1:]))
    return [leader[group] for group in groups.values()]


def _report() -> dict[str, Any]:
    found: dict[str, Any] = records.read_json(paths.DATASET) if paths.DATASET.exists() else {}
    return found


def _features(split: str, files: Sequence[str], images: int) -> np.ndarray:
    """float32 (N, D) of the first N `images` of a split, without augmented views, which come after them.

    Of activations with places their means and greatest values, of all cuts: lower ones tell what higher ones have given
    up. Of pixels, if nothing else is stored, a few mean colours.
    """
    stored = [records.read_npy(paths.FEATURES / split / file) for file in files]
    parts = [part for activations in stored for part in _pooled(activations, images)]
    return np.hstack(parts or _pooled(records.read_npy(paths.images(split)), images)[:1])


def _pooled(stored: np.ndarray, images: int) -> list[np.ndarray]:
    """Means, and if there are places greatest values, over places, float32 (N, D) each; read in parts."""
    inner = tuple(range(1, stored.ndim - 1))
    ways: tuple[Callable[..., np.ndarray], ...] = (np.mean, np.max) if inner else (np.mean,)
    found: list[list[np.ndarray]] = [[] for _ in ways]
    for start in range(0, images, _CHUNK):
        chunk = np.asarray(stored[start : min(start + _CHUNK, images)], np.float32)
        for way, parts in zip(ways, found, strict=True):
            parts.append(way(chunk, axis=inner))
    return [np.concatenate(parts) for parts in found]
