"""Splits in TFDS's slicing syntax: `train[:80%]`, `train[100:200]`, `train+test[50%:]`; and rules for groups.

Only what can be known before the data is read; TFDS itself cuts the data.
"""

import re
from dataclasses import dataclass
from itertools import combinations

_SLICE = re.compile(r"(?P<name>[A-Za-z_]\w*)(\[(?P<start>-?\d+%?)?:(?P<stop>-?\d+%?)?\])?", re.ASCII)


@dataclass(frozen=True)
class Slice:
    """Part of a source split: bounds in percent or in images, as `percent` says; None = the end on that side."""

    name: str
    start: int | None
    stop: int | None
    percent: bool

    def overlaps(self, other: "Slice") -> bool:
        """True if both surely share images whatever the split's size; mixed units and negative image counts are left
        to the exact check once the data is read."""
        if self.name != other.name:
            return False
        unbounded = [s for s in (self, other) if s.start is None and s.stop is None]
        if not unbounded and self.percent != other.percent:
            return False
        mine, theirs = self._bounds(), other._bounds()
        return mine is not None and theirs is not None and max(mine[0], theirs[0]) < min(mine[1], theirs[1])

    def _bounds(self) -> tuple[float, float] | None:
        """From and to, in percent or images; None if a count from the end needs the split's size."""
        start = 0 if self.start is None else self.start
        stop = (100 if self.percent else float("inf")) if self.stop is None else self.stop
        if self.percent:
            return start + 100 * (start < 0), stop + 100 * (stop < 0)
        return None if start < 0 or stop < 0 else (start, stop)


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
        slices.append(Slice(match["name"], start, stop, any(percent)))
    return slices


def check_splits(splits: dict[str, str]) -> None:
    """Raise ValueError, naming both, if a split is malformed or two of them surely overlap."""
    parsed = {name: parse(text) for name, text in splits.items()}
    for (a, first), (b, second) in combinations(parsed.items(), 2):
        if any(x.overlaps(y) for x in first for y in second):
            raise ValueError(f"{a} ({splits[a]}) and {b} ({splits[b]}) overlap: an image may be in one split only")


def check_group(rule: str) -> None:
    """Raise ValueError if `rule` is none of column, folder, folder:N, and no regular expression with a group."""
    if re.fullmatch(r"column|folder(:[1-9]\d*)?", rule):
        return
    try:
        captures = re.compile(rule).groups
    except re.error as error:
        raise ValueError(f"group: {rule!r} is not a regular expression: {error}") from None
    if not captures:
        raise ValueError(
            f"group: {rule!r} has no (…) that says what the group is, and is none of column, folder, folder:2"
        )
