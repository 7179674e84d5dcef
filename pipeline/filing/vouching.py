"""What a record's dvc.lock vouches for: files with the hashes it names, parameters it was run with, seeds of one run.

A figure that no hash stands behind is typed by hand; it is shown as such, and decides nothing.
"""

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pipeline.files import paths
from pipeline.filing import locks
from pipeline.filing.locks import Lock
from pipeline.process.errors import DataError

_SEED = (str(paths.PARAMS), "train.seed")


def check_files(
    folder: Path,
    lock: Lock | None,
    contents: Mapping[Path, bytes],
    kept: Collection[Path] = (),
) -> None:
    """Raise DataError, naming it, if a filed output is not the one `lock` names, or it names none.

    `contents`: by the path a stage wrote it to; another file of that name vouches for nothing. `kept`: those that the
    figures follow from, which must be there; others were not always filed.
    """
    written = locks.outputs(lock) if lock else {}
    if unnamed := [path.name for path in dict.fromkeys((*contents, *kept)) if path.as_posix() not in written]:
        lacking = "does not name it" if lock else "is missing"
        raise DataError(
            f"{folder}: {', '.join(unnamed)}: {paths.LOCK.name} beside it {lacking}: nothing vouches for it; file the"
            " finished run again with `herbarium record`"
        )
    if gone := [path.name for path in kept if path not in contents]:
        raise DataError(
            f"{folder}: {', '.join(gone)}: not there, and {paths.LOCK.name} beside it names it: removed after it was"
            " filed; restore it, or run the experiment and file it again with `herbarium record`"
        )
    if wrong := [path.name for path, data in contents.items() if _md5(data) != written[path.as_posix()]]:
        raise DataError(
            f"{folder}: {', '.join(wrong)}: not what {paths.LOCK.name} beside it names: changed after it was filed;"
            " restore it, or run the experiment and file it again with `herbarium record`"
        )


def check_parameters(folder: Path, lock: Lock | None, content: Any) -> None:
    """Raise DataError if the record's params.yaml, parsed, is not what its lock was made with."""
    stale = locks.stale_parameters(lock, content) if lock else {}
    if stale:
        raise DataError(
            f"{folder}: {paths.PARAMS} and {paths.LOCK} are not of one run: {locks.stale_sentence(stale)}; run the"
            " experiment and file it again with `herbarium record`"
        )


def check_seed(folder: Path, lock: Lock, main: Lock, seed: int) -> None:
    """Raise DataError unless `lock` is of the run behind `main`, with another seed: same code, data and parameters."""
    differing = [*_other_parameters(lock, main), *_other(locks.sources(lock), locks.sources(main))]
    differing += _other(_prepared(lock), _prepared(main))
    if differing:
        raise DataError(
            f"{folder}: seed {seed} is not of the run on record: other {', '.join(differing[:5])}; run `herbarium"
            " replicate` again, then `herbarium record`"
        )
    found = {value for stage in lock["stages"].values() if (value := locks.parameters(stage).get(_SEED)) is not None}
    if found != {seed}:
        raise DataError(f"{folder}: {paths.LOCK} is of the seed {', '.join(map(str, sorted(found)))}, not {seed}")


def _md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def _other_parameters(lock: Lock, main: Lock) -> list[str]:
    found, expected = (
        {(stage, key): value for stage, entry in of["stages"].items() for key, value in locks.parameters(entry).items()}
        for of in (lock, main)
    )
    names = (place for place in found.keys() | expected.keys() if found.get(place) != expected.get(place))
    return sorted({name for _, (file, name) in names if (file, name) != _SEED})


def _prepared(lock: Lock) -> dict[str, str]:
    return locks.hashes(lock["stages"].get("preprocess", {}), "outs")


def _other(found: Mapping[str, str], expected: Mapping[str, str]) -> list[str]:
    return sorted(path for path in found.keys() | expected.keys() if found.get(path) != expected.get(path))
