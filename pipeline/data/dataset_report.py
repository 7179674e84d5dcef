"""What reports/dataset.json says: how many images of which class are where, and what is wrong with them."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.data.corrections import DROP
from pipeline.data.integrity import Group, Item
from pipeline.data.near_duplicates import Pair
from pipeline.process import naming
from pipeline.process.errors import DataError
from pipeline.results.together import leaders

_CLASSES_NAMED, _PAIRS_KEPT = 20, 1000


def require_classes(kept: Mapping[str, Sequence[Item]], classes: Sequence[str]) -> None:
    """Raise DataError if a split has no image left or a class none to train on. A class may be missing elsewhere."""
    everything = [item for items in kept.values() for item in items]
    empty = [split for split, items in kept.items() if not items]
    if empty:
        raise DataError(
            f"data.splits: no image is left in {', '.join(empty)}{_uncut(everything)}; make the slice or data.limit"
            " larger"
        )
    missing = _missing(kept["train"], classes)
    if missing:
        counts = _counts(everything, classes)
        shown = naming.some([f"{name} ({_elsewhere(counts[name])})" for name in missing], _CLASSES_NAMED)
        raise DataError(
            f"data.splits.train: {len(missing)} of {len(classes)} classes have no training image:"
            f" {shown}; make the slice or data.limit larger, give the class more"
            " images, set data.splitting.method: stratified, or choose the images of each split yourself, in folders"
            " train, validation and test"
        )


def _uncut(items: Sequence[Item]) -> str:
    groups = len({item.group for item in items if item.group})
    return f": groups are not cut (data.splitting.group), and these images are of {groups}" if groups else ""


def _elsewhere(count: int) -> str:
    return (
        f"{count} in the other splits"
        if count
        else "none: data.corrections, deduplicate, on_bad_image or limit left none of it"
    )


def require_weights(trained: Sequence[Item], weights: Mapping[str, float], classes: Sequence[str]) -> None:
    """Raise DataError, naming them, if of some classes no image `trained` on counts anything: none of it is learned."""
    learned = {item.label for item in trained if weights.get(item.name, 1.0) > 0}
    if ignored := [name for label, name in enumerate(classes) if label not in learned]:
        raise DataError(
            f"data.table: the weights of all training images of {naming.some(ignored, _CLASSES_NAMED)} are 0, so that"
            " the network would never learn of it; allowed: some above 0 of each class"
        )


def summarise(
    kept: Mapping[str, Sequence[Item]],
    classes: Sequence[str],
    groups: Sequence[Group],
    dropped: set[str],
    skipped: Sequence[Mapping[str, str]],
) -> dict[str, Any]:
    """The report, ready for JSON.

    `kept` are the images of each split as written, `groups` the identical ones found, `dropped` the names left out
    because of them, `skipped` (name, reason) the unreadable ones. `majority_share` is the accuracy, 0 to 1, of always
    answering the commonest class; `imbalance` the commonest class's images over the rarest's.
    """
    return {
        "classes": list(classes),
        "splits": {split: _split(items, classes) for split, items in kept.items()},
        "duplicates": {
            "groups": [_group(group, classes, dropped) for group in groups],
            "count": len(groups),
            "contradicting": sum(int(group.contradicting) for group in groups),
            "leaking": sum(int(group.leaking) for group in groups),
            "dropped_images": len(dropped),
        },
        "skipped": list(skipped),
    }


def near_duplicates(found: Sequence[Pair], classes: Sequence[str]) -> dict[str, Any]:
    """What is said of near-duplicates, the closest first; `likeness` is the correlation of the two, 0 to 1.

    Of many pairs not all are listed; then `groups` has the names of all images that are together by some of them.
    """
    groups = {"groups": _together(found)} if len(found) > _PAIRS_KEPT else {}
    return groups | {
        "count": len(found),
        "contradicting": sum(int(pair.first.label != pair.second.label) for pair in found),
        "leaking": sum(int(pair.leaking) for pair in found),
        "pairs": [
            {
                "likeness": pair.likeness,
                "images": [
                    {"split": i.split, "name": i.name, "label": classes[i.label]} for i in (pair.first, pair.second)
                ],
            }
            for pair in found[:_PAIRS_KEPT]
        ],
    }


def _together(found: Sequence[Pair]) -> list[list[str]]:
    pairs = [(pair.first.name, pair.second.name) for pair in found]
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for name, leader in leaders(sorted({name for pair in pairs for name in pair}), pairs).items():
        groups[leader].append(name)
    return sorted(groups.values())


def corrections(corrected: Mapping[str, str]) -> dict[str, int]:
    """How many images a person gave a label, and how many were left out; of `corrected`: name → class or drop."""
    dropped = sum(int(correction == DROP) for correction in corrected.values())
    return {"labelled": len(corrected) - dropped, "dropped": dropped}


def weights(trained: Sequence[Item], weights: Mapping[str, float]) -> dict[str, Any]:
    """How many of the images of training do not count 1, and what the smallest and the largest count."""
    found = [weights.get(item.name, 1.0) for item in trained]
    return {
        "images": sum(int(weight != 1) for weight in found),
        "smallest": min(found),
        "largest": max(found),
    }


def _split(items: Sequence[Item], classes: Sequence[str]) -> dict[str, Any]:
    counts = _counts(items, classes)
    present = [count for count in counts.values() if count]
    return {
        "images": len(items),
        "images_per_class": counts,
        "missing_classes": _missing(items, classes),
        "majority_share": max(present) / len(items),
        "imbalance": max(present) / min(present),
    }


def _counts(items: Sequence[Item], classes: Sequence[str]) -> dict[str, int]:
    found = Counter(item.label for item in items)
    return {name: found[label] for label, name in enumerate(classes)}


def _missing(items: Sequence[Item], classes: Sequence[str]) -> list[str]:
    return [name for name, count in _counts(items, classes).items() if not count]


def _group(group: Group, classes: Sequence[str], dropped: set[str]) -> dict[str, Any]:
    return {
        "sha256": group.items[0].sha256,
        "contradicting": group.contradicting,
        "leaking": group.leaking,
        "images": [
            {"split": i.split, "name": i.name, "label": classes[i.label], "dropped": i.name in dropped}
            for i in group.items
        ],
    }
