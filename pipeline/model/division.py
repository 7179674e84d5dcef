"""Divides the images of training and validation into folds: classes in proportion, what belongs together in one.

It is asked how, and whether they can be, before anything is trained, where TensorFlow must not be imported.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.files import paths, records
from pipeline.identity import fingerprint, seeds
from pipeline.model.folds import Fold
from pipeline.model.selection import labels_of
from pipeline.process.errors import CombinationError
from pipeline.results.together import groups_joined, identical_in, leaders


def check(folds: int, asked_by: str, root: Path = Path()) -> None:
    """Raise CombinationError, as `of_project` does, if the stored images cannot be divided into so many."""
    _checked(folds, asked_by, root)


def of_project(folds: int, repeats: int, seed: int, root: Path = Path(), asked_by: str = "--folds") -> list[Fold]:
    """`folds` folds, `repeats` times, of the stored images in the project at `root`; equal for equal seeds ≥ 0.

    Each class is in proportion in every fold. Identical images, those of one group (data.splitting) and listed
    near-duplicates are never parted. Raises CombinationError, beginning with what `asked_by` names, if a class has
    fewer of them than there are folds, or groups of several classes left a fold without one.
    """
    labels, units = _checked(folds, asked_by, root)
    found = [
        Fold(repeat, number, trained, held_out)
        for repeat in range(1, repeats + 1)
        for number, (trained, held_out) in enumerate(
            _divided(labels, units, folds, seeds.whole(seed, "folds", repeat)), start=1
        )
    ]
    _require_all_classes(found, labels, asked_by)
    return found


def _require_all_classes(found: Sequence[Fold], labels: np.ndarray, asked_by: str) -> None:
    """Figures of a fold without a class would be of another question than those of the others."""
    classes = len(np.unique(labels))
    lacking = [fold for fold in found if len(np.unique(labels[fold.held_out])) < classes]
    if lacking:
        raise CombinationError(
            f"{asked_by}: of {len(found)} folds {len(lacking)} would be without images of a class, because groups of"
            " images hold several classes and are never parted; allowed: fewer folds, or smaller groups"
        )


def redrawn(number: int, seed: int, root: Path = Path()) -> Fold:
    """The `number`-th other draw of the validation split, from 1 on: of images that no trial was measured on.

    As many as the validation split has, or half of what there is, are held out of the images of training, and what is
    left, with the images of validation, is trained on: as many as before. Draws share no image until the images of
    training are used up. What belongs together stays together; what has a part in the validation split is not drawn.
    Of few groups there are fewer draws. Raises CombinationError if nothing can be drawn.
    """
    labels, units = labels_of(root), _units(root)
    of_training = len(records.read_npy(root / paths.labels("train")))
    free = np.flatnonzero(~np.isin(units[:of_training], units[of_training:]))
    most = min(int(np.bincount(labels[free]).max(initial=0)), len(np.unique(units[free])))
    if most < 2:
        raise CombinationError(
            "data.splits: too few images for training, or groups of them, to draw other validation images from them"
        )
    parts = min(most, max(2, round(len(free) / (len(labels) - of_training))))
    repeat, place = divmod(number - 1, parts)
    divided = _divided(labels[free], units[free], parts, seeds.whole(seed, "redrawn", repeat))
    draws = [free[drawn] for _, drawn in divided if len(drawn)]  # few groups of one class each may leave a part empty
    held_out = draws[place % len(draws)]
    rest = np.setdiff1d(np.arange(len(labels)), held_out)
    kept = seeds.generator(seed, "kept", number).permutation(rest)[:of_training]
    return Fold(repeat + 1, place + 1, np.sort(kept), held_out)


def digest(found: Sequence[Fold]) -> str:
    """Of which images are in which fold: equal for equal divisions of as many images."""
    return records.digest([fold.digest for fold in found])


def _divided(labels: np.ndarray, units: np.ndarray, folds: int, seed: int) -> Iterable[tuple[np.ndarray, np.ndarray]]:
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    alone = len(np.unique(units)) == len(units)
    division = (StratifiedKFold if alone else StratifiedGroupKFold)(folds, shuffle=True, random_state=seed)
    parts: Iterable[tuple[np.ndarray, np.ndarray]] = division.split(labels, labels, None if alone else units)
    return parts


def _units(root: Path) -> np.ndarray:
    """A number for each image: the same for images that must stay together."""
    rows = [row for split in fingerprint.SPLITS for row in records.read_csv(root / paths.ids(split))]
    first_with: dict[str, int] = {}
    bonds = _bonds(root)
    pairs = (
        (place, first_with.setdefault(bond, place))
        for place, row in enumerate(rows)
        for bond in (f"image {row['sha256']}", *bonds.get(row["name"], ()))
    )
    return np.array(list(leaders(range(len(rows)), pairs).values()))


def _bonds(root: Path) -> dict[str, list[str]]:
    """What ties each image, by name, to others: its group, and the near-duplicates that were looked for and listed."""
    rows = records.read_csv(root / paths.SPLIT_TABLE) if (root / paths.SPLIT_TABLE).exists() else []
    report = records.read_json(root / paths.DATASET) if (root / paths.DATASET).exists() else {}
    groups = groups_joined({row["name"]: row["group"] for row in rows}, identical_in(report))
    bonds = {name: [f"group {group}"] for name, group in groups.items()}
    for number, names in enumerate(_alike(report.get("near_duplicates", {}))):
        for name in names:
            bonds.setdefault(name, []).append(f"copies {number}")
    return bonds


def _alike(listed: Mapping[str, Any]) -> list[list[str]]:
    """The names of images that are near-duplicates, directly or over others: all of them, however many are listed."""
    pairs = ([image["name"] for image in pair["images"]] for pair in listed.get("pairs", ()))
    return list(listed.get("groups") or pairs)


def _checked(folds: int, asked_by: str, root: Path) -> tuple[np.ndarray, np.ndarray]:
    """`labels_of` and `_units`, which can be divided into so many folds."""
    labels, units = labels_of(root), _units(root)
    _check(labels, units, records.read_json(root / paths.CLASSES), folds, asked_by)
    return labels, units


def _check(labels: np.ndarray, units: np.ndarray, classes: Sequence[str], folds: int, asked_by: str) -> None:
    counts = {name: len(np.unique(units[labels == place])) for place, name in enumerate(classes)}
    fewest = min((name for name in counts if counts[name]), key=lambda name: counts[name])
    if counts[fewest] < folds:
        allowed = f"allowed: 2 to {counts[fewest]}" if counts[fewest] > 1 else "give the class more images"
        raise CombinationError(
            f"{asked_by}: found {folds}; class {fewest!r} has {counts[fewest]} images (or groups of them) for training"
            f" and validation, and is needed in every fold: {allowed}"
        )
