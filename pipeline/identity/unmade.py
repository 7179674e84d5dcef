"""What dvc.lock promises and is not here: after Ctrl-C, or with a dvc.lock of another commit. It is work, no damage.

A file is read once; it is read again when it has been written since.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.files import paths, records
from pipeline.identity import cache, certificate
from pipeline.params import config
from pipeline.process import loaded, naming

_READ = paths.STATE / "outputs.json"
_NAMED = 5


def sentences() -> list[str]:
    """What `dvc repro` has to make, a line each kind: stages that never ended, outputs away, outputs of others."""
    ran = certificate.stages()
    known = _known()
    states = {
        path: _state(path, name, known) for entry in ran.values() for path, name in certificate.files(entry, "outs")
    }
    records.write_json(_READ, known)
    kinds = {
        f"not run yet, as far as {paths.LOCK} knows": [stage for stage in _stages() if stage not in ran],
        "not here": [path for path, state in states.items() if state == "away"],
        f"not what {paths.LOCK} names": [path for path, state in states.items() if state == "another"],
    }
    return [f"{kind}: {naming.some(found, _NAMED)}; `dvc repro` sees to it" for kind, found in kinds.items() if found]


def _stages() -> Iterator[str]:
    content = config.read_yaml(paths.PIPELINE) if paths.PIPELINE.exists() else None
    yield from (content or {}).get("stages", {})


def _state(path: str, name: str | None, known: dict[str, Any]) -> str:
    """Of an output, a file or a folder: "" if it is what dvc.lock names, else "away" or "another"."""
    if not Path(path).exists():
        return "away"
    if name is None:
        return ""
    files = {path: name}
    if name.endswith(".dir"):
        files = {f"{path}/{file}": md5 for file, md5 in cache.listed(cache.folder(Path()), name)}
    if not all(Path(file).is_file() for file in files):
        return "away"
    return "" if all(_md5(file, known) == md5 for file, md5 in files.items()) else "another"


def _md5(file: str, known: dict[str, Any]) -> str:
    mark = list(loaded.mark(Path(file)) or ())
    before = known.get(file)
    if not before or before[0] != mark:
        known[file] = [mark, records.md5(Path(file))]
    return str(known[file][1])


def _known() -> dict[str, Any]:
    """File → its mark and its MD5, as they were found the last time."""
    try:
        return dict(records.read_json(_READ))
    except (OSError, ValueError):
        return {}
