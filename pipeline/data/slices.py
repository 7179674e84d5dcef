"""Which splits of the source data.splits takes images from, by its words alone."""

import re
from collections.abc import Iterable, Mapping

from pipeline.process.errors import DataError

_PERCENT = re.compile(r"\w+(?:\[(?P<start>-?\d+%)?:(?P<stop>-?\d+%)?\])?", re.ASCII)


def parts(text: str) -> list[str]:
    """The slices that a TFDS split string is the sum of."""
    return [part.strip() for part in text.split("+")]


def names(text: str) -> list[str]:
    """The source's splits in a TFDS split string: `train[:80%]+test` → train, test."""
    return [part.partition("[")[0] for part in parts(text)]


def stretches(split: str, text: str, source: str) -> list[tuple[float, float]]:
    """From and to, fractions of `source`, that split string `text` of `split` takes from it.

    Raises DataError if a slice counts images.
    """
    found = []
    for part in (part for part in parts(text) if names(part) == [source]):
        match = _PERCENT.fullmatch(part)
        if not match:
            raise DataError(
                f"data.splits.{split}: found {part}; allowed with data.splitting.method: stable are slices in percent,"
                " as in train[:80%], because a number of images cannot stay the same when images are added"
            )
        found.append((_fraction(match["start"], 0.0), _fraction(match["stop"], 1.0)))
    return found


def _fraction(bound: str | None, otherwise: float) -> float:
    if bound is None:
        return otherwise
    percent = int(bound.rstrip("%"))
    return (percent + 100 * (percent < 0)) / 100


def left_out(slices: Mapping[str, str], available: Iterable[str]) -> list[str]:
    """A sentence if `slices`, of train, validation and test, take nothing from some of the splits `available`."""
    used = {name for text in slices.values() for name in names(text)}
    left = [name for name in available if name not in used]
    example = next((name for name in left if name in slices), None)
    advice = f"; to have {example} as it is in the source, set data.splits.{example}: {example}" if example else ""
    return [f"data.splits takes no image from the source's {' and '.join(left)}{advice}"] if left else []
