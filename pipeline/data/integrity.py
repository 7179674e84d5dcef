"""Finds identical images: in two splits they leak the answer, under two labels one of the labels is wrong."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from pipeline.data.listing import listed
from pipeline.process.errors import DataError

# Of identical images the one in the rarest split stays: a test split keeps its images, the training split gives way.
_KEEPING_ORDER = ("test", "validation", "train")
_SHOWN = 10


@dataclass(frozen=True)
class Item:
    """One image: the split it is in, its unique name, class index, the digest of its pixels (hexadecimal), the group
    it belongs to, if any, and its look (see looks.py), if it was asked for."""

    split: str
    name: str
    label: int
    sha256: str
    group: str = ""
    look: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Group:
    """Two or more images with identical pixels, before resizing; in keeping order, then in the order they came."""

    items: tuple[Item, ...]

    @property
    def contradicting(self) -> bool:
        return len({item.label for item in self.items}) > 1

    @property
    def leaking(self) -> bool:
        return len({item.split for item in self.items}) > 1

    @property
    def kept(self) -> Item | None:
        """The one that stays when duplicates go: the first of test, validation, train; none if the labels contradict,
        because nobody knows which is right."""
        return None if self.contradicting else self.items[0]


def duplicates(items: Iterable[Item]) -> list[Group]:
    """The groups of identical images, in the order of their first members."""
    groups = (sorted(group, key=lambda i: _KEEPING_ORDER.index(i.split)) for group in same(items))
    return [Group(tuple(group)) for group in groups]


def same(items: Iterable[Item]) -> list[list[Item]]:
    """As `duplicates`, whatever splits they are in, each group in the order its images came."""
    found: defaultdict[str, list[Item]] = defaultdict(list)
    for item in items:
        found[item.sha256].append(item)
    return [group for group in found.values() if len(group) > 1]


def superfluous(groups: Iterable[Group]) -> set[str]:
    """Names of the images that deduplication leaves out."""
    return {item.name for group in groups for item in group.items if item != group.kept}


def refuse_joined_groups(groups: Iterable[Group], classes: list[str]) -> None:
    """Raise DataError if identical images join two groups that are in different splits: keeping one joins no groups."""
    lines = [
        " = ".join(f"{i.split}: {i.name} ({classes[i.label]}, group {i.group or 'none'})" for i in group.items)
        for group in groups
        if group.leaking and len({item.group for item in group.items}) > 1
    ]
    _refuse(
        lines,
        f"data.splitting.group: {len(lines)} times identical images are of several groups that are in different"
        " splits:",
        "Give these groups one name, or set data.allow_leaks: true to go on with all.",
    )


def refuse_leaks(groups: Iterable[Group], classes: list[str]) -> None:
    """Raise DataError, naming images, if identical images are in two splits; `classes` are the K class names."""
    leaks = [group for group in groups if group.leaking]
    _refuse(
        [" = ".join(f"{i.split}: {i.name} ({classes[i.label]})" for i in group.items) for group in leaks],
        f"data.splits: {len(leaks)} groups of identical images are in more than one split:",
        "Set data.deduplicate: true to keep one of each, or data.allow_leaks: true to go on with all.",
    )


def _refuse(leaks: list[str], found: str, remedy: str) -> None:
    if leaks:
        raise DataError("\n".join([found, *listed(leaks, _SHOWN), remedy]))
