"""Activations that were computed before come back from DVC's cache: only splits of which something changed are new.

DVC knows a stage as a whole, and empties its outputs before it starts. So what each split's activations follow from is
noted here, with their digests, and what DVC's cache has of them is checked and taken.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.files import paths, records
from pipeline.identity import cache, code
from pipeline.identity.environment import environment
from pipeline.model import known

if TYPE_CHECKING:
    from pipeline.params.schema import Compute

NOTES = paths.STATE / "extracted.json"
_KEPT = 100  # notes, the latest


def keys(index: Mapping[str, Any], compute: Compute) -> dict[str, str]:
    """Split → the name of all that its activations follow from; `index` with the digest of the network's layers, and
    without those of what comes of it."""
    return {split: records.digest([*_network(index, compute), _own(split, index)]) for split in index["sources"]}


def network(index: Mapping[str, Any], compute: Compute) -> str:
    """The name of all that the activations of any image follow from beside the image."""
    return records.digest(_network(index, compute))


def _network(index: Mapping[str, Any], compute: Compute) -> list[Any]:
    shared = {key: value for key, value in index.items() if key not in ("images", "sources", "digests", "augmentation")}
    return [shared, environment(compute), code.digest("extract-features")]


def _own(split: str, index: Mapping[str, Any]) -> list[Any]:
    """What is a split's own: its images; of training images their views, too, which follow from the table of images."""
    if split != "train" or not index["augmentation"]:
        return [index["sources"][split]]
    return [index["sources"][split], index["augmentation"], records.file_digest(paths.ids(split))]


def bring(wanted: Mapping[str, str], folders: Mapping[str, Path]) -> list[str]:
    """Put the activations of each split's key into its folder, as far as they are in DVC's cache; returns the splits.

    Nothing is brought if nothing has changed since the last extraction: whoever runs it then (`dvc repro --force`)
    wants it computed.
    """
    notes = _read()
    if notes["last"] == _state(wanted):
        return []
    known = {note["key"]: note["files"] for note in notes["notes"]}
    found = [split for split, key in wanted.items() if known.get(key)]
    return [split for split in found if all(_take(file, folders[split]) for file in known[wanted[split]])]


def of_network(name: str, wanted: Mapping[str, str]) -> list[dict[str, Any]]:
    """Notes of earlier extractions with that network, the latest first; none if nothing has changed since the last."""
    notes = _read()
    if notes["last"] == _state(wanted):
        return []
    return [note for note in reversed(notes["notes"]) if note.get("network") == name]


def note(
    wanted: Mapping[str, str], files: Mapping[str, Iterable[Path]], name: str, rows: Mapping[str, np.ndarray]
) -> None:
    """Write down what was extracted with the network of that name: `files` of each split, which DVC will have in its
    cache, and the names of their `rows`."""
    before = [note for note in _read()["notes"] if note["key"] not in wanted.values()]
    new = [
        {"key": key, "files": [_digests(path) for path in files[split]], "network": name, "rows": key[:32]}
        for split, key in wanted.items()
    ]
    for split, key in wanted.items():
        records.write_npy(known.ROWS / f"{key[:32]}.npy", rows[split])
    notes = [*before, *new][-_KEPT:]
    records.write_json(NOTES, {"last": _state(wanted), "notes": notes})
    for path in set(known.ROWS.glob("*.npy")) - {known.ROWS / f"{note.get('rows')}.npy" for note in notes}:
        path.unlink()


def _state(wanted: Mapping[str, str]) -> dict[str, str]:
    """Of each split whatever makes DVC start the stage: also labels, weights and names, which change no activation."""
    others = {split: (paths.labels(split), paths.ids(split), paths.weights(split)) for split in wanted}
    there = {split: [path for path in files if path.exists()] for split, files in others.items()}
    return {split: records.digest([key, *map(records.file_digest, there[split])]) for split, key in wanted.items()}


def _take(file: Mapping[str, str], folder: Path) -> bool:
    place, target = cache.place(cache.folder(Path()), file["md5"]), folder / file["name"]
    if not place.is_file():
        return False
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(place, target)
    if records.file_digest(target) != file["sha256"]:
        target.unlink()
        return False
    return True


def _digests(path: Path) -> dict[str, str]:
    return {"name": path.name, "sha256": records.file_digest(path), "md5": records.md5(path)}


def _read() -> dict[str, Any]:
    try:
        found: dict[str, Any] = records.read_json(NOTES)
    except (OSError, ValueError):  # none yet, or cut off: everything is computed
        return {"last": {}, "notes": []}
    return found
