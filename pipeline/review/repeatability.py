"""Looks in DVC's run cache for the same inputs with different outputs: a step that is not repeatable."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.params import config
from pipeline.process.errors import ConfigError

_NAME = re.compile(r"[0-9a-f]{64}")  # of an outcome; a killed dvc leaves others


@dataclass(frozen=True)
class Conflict:
    """`command` gave `outputs` with other bytes although every declared input was the same."""

    command: str
    outputs: tuple[str, ...]

    def __str__(self) -> str:
        return f"not repeatable: `{self.command}` gave other bytes of {', '.join(self.outputs)} from the same inputs"


def conflicts(cache: Path) -> list[Conflict]:
    """All such steps in the DVC cache at `cache`. DVC files runs under a hash of their inputs, one file an outcome."""
    return sorted(set(_conflicts(cache / "runs")), key=lambda c: (c.command, c.outputs))


def _conflicts(runs: Path) -> Iterator[Conflict]:
    for inputs in runs.glob("*/*"):
        outcomes = [path for path in inputs.glob("*") if _NAME.fullmatch(path.name)]
        entries = list(_readable(outcomes)) if len(outcomes) > 1 else []
        hashes: dict[str, set[str]] = {}
        for entry in entries:
            for output in entry.get("outs", []):
                hashes.setdefault(output["path"], set()).add(output.get("md5", ""))
        differing = tuple(sorted(path for path, found in hashes.items() if len(found) > 1))
        if differing:
            yield Conflict(entries[0]["cmd"], differing)


def _readable(outcomes: Iterable[Path]) -> Iterator[dict[str, Any]]:
    """Those that DVC would read: it removes damaged ones by itself, and may do so meanwhile."""
    for path in outcomes:
        try:
            entry = config.read_yaml(path)
        except ConfigError:
            continue
        if isinstance(entry, dict) and "cmd" in entry:
            yield entry
