"""A first look at a source before anything is trained: what is there, what is odd, and what images.* might say."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from pipeline.data import corrections, images, looks, parallel, preparation, reading
from pipeline.data.integrity import Item
from pipeline.data.reading import Example
from pipeline.data.thumbnails import thumbnail

ODDEST = 5
_SIDES = (32, 48, 64, 96, 128, 160, 192, 224)  # pixels; powers of two and what networks were made for
_PATCHES = 4  # a side: of so many mean colours images are compared by
_GREY = 2  # levels between colours of a pixel that a JPEG of a grey picture may have
_FLIPPED = 0.25  # from this share of upright among wide ones on, a square is the shape that harms least


@dataclass(frozen=True)
class Seen:
    """What one image is: `item` with its look, height and width in pixels, whether it is grey, a small copy uint8
    (h, w, 3), and the mean colours of its patches, float64 (48,), 0–255."""

    item: Item
    height: int
    width: int
    grey: bool
    small: np.ndarray
    colours: np.ndarray


def of_source(builder: Any, advance: Callable[[int], object]) -> list[Seen]:
    """All images of a data set, split after split; `advance` is told of each."""
    return see(_examples(builder, advance))


def _examples(builder: Any, advance: Callable[[int], object]) -> Iterator[tuple[str, Example]]:
    """With the labels that data.corrections gives them, without those it drops."""
    corrected = corrections.in_force()
    classes = reading.classes(builder.info)
    for split in builder.info.splits:
        read = _told(reading.examples(builder, split, None), advance)
        yield from ((split, example) for example in corrections.applied(read, corrected, classes))


def _told(examples: Iterable[Example], advance: Callable[[int], object]) -> Iterator[Example]:
    for example in examples:
        advance(1)
        yield example


def see(source: Iterable[tuple[str, Example]]) -> list[Seen]:
    """Decode and look at (split, example) after another, in threads, in order; memory: a small copy of each."""
    return list(parallel.ordered_map(partial(_seen, parallel.room()), source))


def _seen(room: parallel.Room, named: tuple[str, Example]) -> Seen:
    split, example = named
    with room.taken(preparation.working_bytes(example)):
        pixels = preparation.decoded(example, 3)
    item = Item(split, example.name, example.label, images.pixel_digest(pixels), example.group, looks.look(pixels))
    small = images.resize(thumbnail(pixels), *_within(pixels.shape[0], pixels.shape[1], 96))
    patches = images.resize(pixels, _PATCHES, _PATCHES).astype(float).reshape(-1)
    spread = int((small.max(axis=2).astype(int) - small.min(axis=2)).max())
    return Seen(item, pixels.shape[0], pixels.shape[1], spread <= _GREY, small, patches)


def _within(height: int, width: int, side: int) -> tuple[int, int]:
    scale = min(1.0, side / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def oddest(seen: Sequence[Seen], label: int) -> list[Seen]:
    """The images of a class whose colours, patch by patch, are farthest from the class's medians, the oddest first.

    Distances in median absolute deviations, so that one outlier does not hide another (P. J. Rousseeuw and C. Croux,
    1993, JASA 88).
    """
    of_class = [one for one in seen if one.item.label == label]
    colours = np.stack([one.colours for one in of_class])
    away = np.abs(colours - np.median(colours, axis=0))
    distance = (away / np.maximum(np.median(away, axis=0), 1)).mean(axis=1)
    return [of_class[i] for i in np.argsort(-distance, kind="stable")[:ODDEST]]


def smallest(seen: Sequence[Seen], label: int) -> Seen:
    return min((one for one in seen if one.item.label == label), key=lambda one: one.height * one.width)


def counts(seen: Sequence[Seen], classes: Sequence[str]) -> dict[str, dict[str, int]]:
    """Images of each class by split of the source."""
    found = Counter((one.item.label, one.item.split) for one in seen)
    splits = list(dict.fromkeys(one.item.split for one in seen))
    return {name: {split: found[label, split] for split in splits} for label, name in enumerate(classes)}


def suggested(seen: Sequence[Seen]) -> dict[str, int]:
    """images.height, width and channels: the largest usual size that three quarters of the images need not be enlarged
    to, as wide as the middle one is if nearly all lie the same way, grey if all are."""
    heights, widths = (np.array(values) for values in zip(*[(one.height, one.width) for one in seen], strict=True))
    side = max([s for s in _SIDES if s <= np.quantile(np.minimum(heights, widths), 0.25)], default=_SIDES[0])
    ratio = float(np.median(widths / heights))
    across = float(np.mean(np.sign(widths - heights) == np.sign(ratio - 1)))
    long = side if ratio == 1 or across < 1 - _FLIPPED else round(side * max(ratio, 1 / ratio) / 16) * 16
    height, width = (side, long) if ratio > 1 else (long, side)
    return {"height": height, "width": width, "channels": 1 if all(one.grey for one in seen) else 3}
