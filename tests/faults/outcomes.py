"""What came of each fault that was provoked: tests note it, `python -m tests.faults` makes the table of it."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

LOG = "HERBARIUM_FAULTS_LOG"
Row = dict[str, Any]


def note(fault: str, where: str, result: str, **figures: float) -> None:
    """Append a row to the file that HERBARIUM_FAULTS_LOG names, if it names one; call it when all has been asserted.

    `fault` is what was done, `where` the stage or file it was done to, `result` what happened; `figures` are counts,
    as in kills=15, named by what the table calls them (underscores become spaces).
    """
    log = os.environ.get(LOG)
    if log:
        with open(log, "a", encoding="utf-8") as file:
            file.write(json.dumps({"fault": fault, "where": where, "result": result, "figures": figures}) + "\n")


def collected(log: Path) -> list[Row]:
    """The rows of a log, sorted; those of the same fault, place and result are one, their figures added."""
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return merged(json.loads(line) for line in lines)


def merged(rows: Iterable[Row]) -> list[Row]:
    sums: dict[tuple[str, ...], dict[str, float]] = {}
    for row in rows:
        figures = sums.setdefault((row["fault"], row["where"], row["result"]), {})
        for name, value in row["figures"].items():
            figures[name] = figures.get(name, 0) + value
    return [
        dict(zip(("fault", "where", "result"), key, strict=True), figures=dict(sorted(sums[key].items())))
        for key in sorted(sums)
    ]
