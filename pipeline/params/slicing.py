"""TFDS's slicing syntax: `train[:80%]`, `train[100:200]`, `train+test[50%:]`.

Only what can be known before the data is read; TFDS itself cuts the data.
"""

import re
from dataclasses import dataclass, field

_SLICE = re.compile(r"(?P<name>[A-Za-z_]\w*)(\[(?P<start>-?\d+%?)?:(?P<stop>-?\d+%?)?\])?", re.ASCII)


@dataclass(frozen=True)
class Slice:
    """Part of a source split: bounds in percent or in images, as `percent` says; None = the end on that side.

    `text`: as it was written.
    """

    name: str
    start: int | None
    stop: int | None
    percent: bool
    text: str = field(default="", compare=False)

    @property
    def whole(self) -> bool:
        return self.start is None and self.stop is None

    @property
    def fractions(self) -> tuple[float, float]:
        """From and to, 0 to 1, of a slice that does not count images."""
        start, stop = self._percents()
        return start / 100, stop / 100

    @property
    def empty(self) -> bool:
        """True if it surely means no image, whatever the split's size."""
        bounds = self._bounds()
        return bounds is not None and bounds[0] >= bounds[1]

    def overlaps(self, other: "Slice") -> bool:
        """True if both surely share images whatever the split's size; mixed units and negative image counts are left
        to the exact check once the data is read."""
        if self.name != other.name:
            return False
        if not (self.whole or other.whole) and self.percent != other.percent:
            return False
        mine, theirs = self._bounds(), other._bounds()
        return mine is not None and theirs is not None and max(mine[0], theirs[0]) < min(mine[1], theirs[1])

    def _bounds(self) -> tuple[float, float] | None:
        """From and to, in percent or images; None if a count from the end needs the split's size."""
        if self.percent:
            return self._percents()
        start = 0 if self.start is None else self.start
        stop = float("inf") if self.stop is None else self.stop
        return None if start < 0 or stop < 0 else (start, stop)

    def _percents(self) -> tuple[int, int]:
        start, stop = self.start or 0, 100 if self.stop is None else self.stop
        return start + 100 * (start < 0), stop + 100 * (stop < 0)


def parse(text: str) -> list[Slice]:
    """The slices of one split string. Raises ValueError if it is not TFDS slicing."""
    slices = []
    for part in text.split("+"):
        match = _SLICE.fullmatch(part.strip())
        bounds = [b for b in (match["start"], match["stop"]) if b] if match else []
        percent = [b.endswith("%") for b in bounds]
        if not match or len(set(percent)) > 1:
            raise ValueError(
                f"{text!r} is not a split; allowed are TFDS slices like train, train[:80%] or train[100:200]"
            )
        if any(percent) and any(abs(int(b.rstrip("%"))) > 100 for b in bounds):
            raise ValueError(f"{text!r} goes beyond 100 %")
        start, stop = (int(match[k].rstrip("%")) if match[k] else None for k in ("start", "stop"))
        slices.append(Slice(match["name"], start, stop, any(percent), part.strip()))
    return slices
