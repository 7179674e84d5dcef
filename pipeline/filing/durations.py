"""How long a recorded run took, all its stages together: as it was noted, on a machine that may have had other work."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

STAGES = ("fetch", "preprocess", "extract-features", "train", "evaluate")
_MINUTE, _HOUR = 60, 3600
_LINE = re.compile(r"(?m)^Run time: .*(?= Expected:)")
_DOWNLOAD = re.compile(r" after an? [\d,]+ [MG]B download")


@dataclass(frozen=True)
class Took:
    """`seconds` passed; `cpu_seconds`: None where that was not noted. `lacking`: stages that are not in them."""

    seconds: float
    cpu_seconds: float | None
    lacking: tuple[str, ...]
    machines: tuple[str, ...]

    def __str__(self) -> str:
        """`12 min (21 min of CPU)`."""
        worked = "" if self.cpu_seconds is None else f" ({shown(self.cpu_seconds)} of CPU)"
        return f"{shown(self.seconds)}{worked}"


def of(resources: Mapping[str, Any]) -> Took:
    """From a record's resources.json: stage → what it took. Raises ValueError of what is no time or no size."""
    numbers = [one.get(name) for one in resources.values() for name in ("seconds", "cpu_seconds", "peak_bytes")]
    if wrong := [number for number in numbers if number is not None and not 0 <= number < math.inf]:
        raise ValueError(f"found {wrong[0]!r}; allowed: 0 or more, and finite")
    worked = [one.get("cpu_seconds") for one in resources.values()]
    machines = {f"{one['machine']['cpu']}, {one['machine']['cores']} cores" for one in resources.values()}
    return Took(
        math.fsum(one["seconds"] for one in resources.values()),
        None if None in worked else math.fsum(worked),
        tuple(stage for stage in STAGES if stage not in resources),
        tuple(sorted(machines)),
    )


def shown(seconds: float) -> str:
    """`50 s`, `12 min`, `2.3 h`."""
    if seconds < 2 * _MINUTE:
        return f"{seconds:.0f} s"
    return f"{seconds / _MINUTE:.0f} min" if seconds < 2 * _HOUR else f"{seconds / _HOUR:.1f} h"


def in_place_of_an_estimate(text: str, took: Took) -> str:
    """A README's line `Run time: …. Expected: …` with what was measured, unless a stage is not in it."""
    if took.lacking:
        return text

    def measured(found: re.Match[str]) -> str:
        download = _DOWNLOAD.search(found[0])
        return f"Run time: {took}{download[0] if download else ''}, measured on {' and '.join(took.machines)}."

    return _LINE.sub(measured, text)
