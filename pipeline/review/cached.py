"""What DVC's cache has of the run that a commit's dvc.lock names; believed if its bytes have the hash they go by."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.files import paths, records
from pipeline.filing import consistency, contents, locks
from pipeline.filing.locks import Lock
from pipeline.filing.record import Record
from pipeline.identity import cache
from pipeline.params.schema import Params
from pipeline.results import predictions
from pipeline.results.predictions import Predictions

_FOLDER = ".dir"


def folder() -> Path:
    """The project's DVC cache, absolute, wherever its configuration puts it."""
    return cache.folder(Path()).resolve()


def find(place: Path, lock: Lock, path: Path) -> Path | None:
    """The cached file of the output `path`; None if it is not there, or was damaged, and is removed now."""
    digest = locks.outputs(lock).get(path.as_posix())
    if not cache.is_name(digest) or cache.remove_damaged(place, digest):
        return None
    file = cache.place(place, digest)
    return file if file.is_file() else None


def record(params: Params, lock: dict[str, Any], files: Mapping[Path, Path]) -> Record:
    """A commit's results as a record. `files`: output → cached file, of those that are there."""
    training = contents.read_json(files[paths.TRAINING]) if paths.TRAINING in files else None
    return Record(
        params=params,
        metrics=contents.read(files[paths.METRICS], consistency.figures) if paths.METRICS in files else None,
        lock=lock,
        predictions=_predictions(files),
        environment=dict((training or {}).get("environment", {})),
        classes=(training or {}).get("classes"),
    )


def _predictions(files: Mapping[Path, Path]) -> Predictions | None:
    table, typed = files.get(paths.PREDICTIONS), files.get(paths.TYPED_PREDICTIONS)
    if table is None or (typed is None and predictions.in_typed_only(table)):
        return None
    return contents.read(table, lambda path: predictions.read(path, typed))


def changed(project: Path, lock: Lock) -> list[str]:
    """Outputs in a project's folder whose bytes are not those `lock` names, hashed now: DVC itself trusts its notes."""
    return sorted(path for path, digest in locks.outputs(lock).items() if _digest(project / path) != digest)


def _digest(path: Path) -> str:
    """What DVC calls a file or a folder by; empty if it is not there."""
    if path.is_dir():
        files = sorted((file.relative_to(path).parts, file) for file in path.rglob("*") if file.is_file())
        listed = [{"md5": records.md5(file), "relpath": "/".join(parts)} for parts, file in files]
        return hashlib.md5(json.dumps(listed, sort_keys=True).encode()).hexdigest() + _FOLDER
    return records.md5(path) if path.is_file() else ""
