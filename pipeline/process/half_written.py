"""Puts aside what a killed `dvc` left half-written: it writes two files in place, and refuses one that is cut off.

Nothing is lost with them: rwlock names running processes, and dvc.lock is written again, stage by stage, from DVC's
cache of earlier runs.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path

from pipeline.files import paths
from pipeline.process.compat import dvc_internals

ASIDE = paths.STATE / "torn"
_PATIENCE_SECONDS = 1  # a living dvc has written its file whole by then


def put_aside() -> list[str]:
    """Move cut-off files of DVC into `ASIDE`; returns a sentence about each."""
    return [
        _move(path)
        for path, is_complete in ((dvc_internals.RWLOCK, _is_list_of_processes), (paths.LOCK, dvc_internals.reads_lock))
        if _is_cut_off(path, is_complete)
    ]


def _is_cut_off(path: Path, is_complete: Callable[[str], bool]) -> bool:
    if not path.exists() or is_complete(path.read_text(encoding="utf-8", errors="replace")):
        return False
    time.sleep(_PATIENCE_SECONDS)
    return path.exists() and not is_complete(path.read_text(encoding="utf-8", errors="replace"))


def _move(path: Path) -> str:
    ASIDE.mkdir(parents=True, exist_ok=True)
    path.replace(ASIDE / path.name)
    return f"{path} was cut off when dvc was killed: moved to {ASIDE / path.name}; dvc repro writes it again"


def _is_list_of_processes(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
