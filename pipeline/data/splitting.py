"""Draws the splits that data.splits names from the source's splits, if they are not cut out of the stored order.

A slice then says how many images of a source's split come into one of ours, not which: of `train[:80%]`, four fifths.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING, Any

from pipeline.data import groups, partition, slices
from pipeline.data.integrity import Item
from pipeline.data.listing import listed
from pipeline.data.preparation import Pool
from pipeline.process.errors import DataError

if TYPE_CHECKING:
    from pipeline.params.data_section import Splitting

_SHOWN = 10


def sources(wanted: Mapping[str, str]) -> list[str]:
    """The source's splits that images come from, each once."""
    return list(dict.fromkeys(name for text in wanted.values() for name in slices.names(text)))


def count(info: Any, source: str, wanted: Mapping[str, str], limit: int | None) -> int:
    """How many images of `source` are read: as many as fill the largest split up to `limit`."""
    there: int = info.splits[source].num_examples
    if limit is None:
        return there
    largest = max(_sizes(info, source, wanted).values())
    return min(there, ceil(limit * there / largest))


def drawn_all(
    pools: Sequence[Pool],
    info: Any,
    wanted: Mapping[str, str],
    splitting: Splitting,
    together: Sequence[tuple[str, str]] = (),
    limit: int | None = None,
) -> list[Pool]:
    """`pools`, one for each of `sources`, with every image in its split; as they are, if nothing is drawn.

    `together`: names of images that come into one split if they are of one source's split. `limit`: of images in a
    split; those beyond it, which shares that hold on average only may leave, are in none.
    """
    if splitting.method == "slices":
        return list(pools)
    room = Counter(dict.fromkeys(wanted, limit or sum(len(pool.items) for pool in pools)))
    return [
        replace(pool, items=_within(room, drawn(pool.items, info, source, wanted, splitting, together)))
        for source, pool in zip(sources(wanted), pools, strict=True)
    ]


def _within(room: Counter[str], items: Sequence[Item]) -> list[Item]:
    """`items`, those for which there is no `room` left in their split in none; it shrinks by the others."""
    found = []
    for item in items:
        found.append(item if room[item.split] > 0 else replace(item, split=partition.NONE))
        room[item.split] -= 1
    return found


def drawn(
    items: Sequence[Item],
    info: Any,
    source: str,
    wanted: Mapping[str, str],
    splitting: Splitting,
    together: Sequence[tuple[str, str]] = (),
) -> list[Item]:
    """`items`, all that was read of `source`, each in the split it is drawn into, or in none."""
    units = groups.joined(
        {item.name: (item.group and f"group {item.group}") or f"image {item.sha256}" for item in items}, together
    )
    if splitting.method == "stable":
        stretches = {split: [part.fractions for part in slices.of(text, source)] for split, text in wanted.items()}
        found = partition.stable(units, stretches, splitting.seed)
    else:
        share = len(items) / info.splits[source].num_examples
        sizes = {split: int(size * share + 0.5) for split, size in _sizes(info, source, wanted).items()}
        stratified = splitting.method == "stratified"
        found = partition.exact(
            [item.label for item in items], units, _fitting(sizes, len(items)), splitting.seed, stratified
        )
    return [replace(item, split=split) for item, split in zip(items, found, strict=True)]


def _sizes(info: Any, source: str, wanted: Mapping[str, str]) -> dict[str, int]:
    """How many images of `source` each split is to have."""
    sizes = dict.fromkeys(wanted, 0)
    for split, text in wanted.items():
        for part in slices.of(text, source):
            sizes[split] += info.splits[part.text].num_examples
    return sizes


def _fitting(sizes: dict[str, int], images: int) -> dict[str, int]:
    """Rounded shares may be an image more than there are: the largest gives it back."""
    largest = max(sizes, key=lambda split: sizes[split])
    return {**sizes, largest: sizes[largest] - max(0, sum(int(size) for size in sizes.values()) - images)}


def grouped(pools: Sequence[Pool], rule: str | None) -> list[Pool]:
    """`pools`, whose images' groups are the source's own, if it has any, with those they have by `rule`.

    All at once: what looks like one group must not be two, least of all in two splits.
    """
    found = iter(groups.of(rule, [(item.name, item.group) for pool in pools for item in pool.items]))
    return [replace(pool, items=[replace(item, group=next(found)) for item in pool.items]) for pool in pools]


def refuse_cut_groups(items: Sequence[Item]) -> None:
    """Raise DataError, naming them, if images of one group are in two splits."""
    splits: dict[str, set[str]] = {}
    for item in items:
        if item.group and item.split:
            splits.setdefault(item.group, set()).add(item.split)
    cut = [f"{group} ({', '.join(sorted(found))})" for group, found in splits.items() if len(found) > 1]
    if cut:
        raise DataError(
            "\n".join(
                [
                    f"data.splitting.group: {len(cut)} groups have images in more than one split:",
                    *listed(cut, _SHOWN),
                    "The source's own splits, or slices of the stored order, cut them: put a group's images into one"
                    " folder, or draw all splits from one (data.splits: slices of train; method: stratified).",
                ]
            )
        )
