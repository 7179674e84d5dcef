"""Which splits of the source data.splits takes images from, by its words alone."""

from collections.abc import Iterable, Mapping

from pipeline.params import slicing
from pipeline.params.slicing import Slice


def names(text: str) -> list[str]:
    """The source's splits in a TFDS split string: `train[:80%]+test` → train, test."""
    return [part.name for part in slicing.parse(text)]


def of(text: str, source: str) -> list[Slice]:
    """What split string `text` takes from the source's split `source`."""
    return [part for part in slicing.parse(text) if part.name == source]


def left_out(slices: Mapping[str, str], available: Iterable[str]) -> list[str]:
    """A sentence if `slices`, of train, validation and test, take nothing from some of the splits `available`."""
    used = {name for text in slices.values() for name in names(text)}
    left = [name for name in available if name not in used]
    example = next((name for name in left if name in slices), None)
    advice = f"; to have {example} as it is in the source, set data.splits.{example}: {example}" if example else ""
    return [f"data.splits takes no image from the source's {' and '.join(left)}{advice}"] if left else []
