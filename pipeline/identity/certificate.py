"""What dvc.lock certifies is compared with what lies here, by those who read it.

DVC compares seldom: what is written in place through a hard link, or by whoever may write everything, is written into
DVC's cache too, and certified ever after.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from pipeline.files import paths, records
from pipeline.identity import cache, declared
from pipeline.params import config
from pipeline.process import naming
from pipeline.process.errors import DataError

_NAMED = 5


class WithdrawnError(DataError):
    """dvc.lock vouched for results wrongly; they were removed."""


@dataclass(frozen=True)
class Output:
    """A file that `stage` has written, called `md5` in dvc.lock or in the list of its folder."""

    stage: str
    md5: str


def stages(project: Path = Path()) -> dict[str, Any]:
    """Stage → its entry in dvc.lock; empty where there is none."""
    if not (project / paths.LOCK).exists():
        return {}
    content = config.read_yaml(project / paths.LOCK)
    found = content.get("stages") if isinstance(content, dict) else None
    named = found.items() if isinstance(found, dict) else ()
    return {name: entry for name, entry in named if isinstance(entry, dict)}


def files(entry: Mapping[str, Any], kind: str) -> list[tuple[str, str | None]]:
    """Path and MD5 (None if DVC calls it by no MD5) of what a stage's entry lists as `kind`: "deps" or "outs"."""
    items = [item for item in entry.get(kind) or () if isinstance(item, dict)]
    return [(str(item.get("path")), name if cache.is_name(name := item.get("md5")) else None) for item in items]


def outputs(project: Path = Path()) -> dict[str, Output]:
    """Path → every file that dvc.lock certifies, those in folders included as far as the cache has their lists."""
    place = cache.folder(project)
    found = {}
    for stage, entry in stages(project).items():
        for path, name in files(entry, "outs"):
            if name is None:
                continue
            if not name.endswith(".dir"):
                found[path] = Output(stage, name)
            for relative, md5 in cache.listed(place, name) if name.endswith(".dir") else ():
                found[f"{path}/{relative}"] = Output(stage, md5)
    return found


def stale(stage: str) -> list[str]:
    """What dvc.lock has of a stage's inputs that is another now; where there is nothing, DVC does not run it again."""
    everything = stages()
    return _stale(everything.get(stage, {}), everything)


def stale_stages() -> list[str]:
    """`stale` of any stage, each change once."""
    everything = stages()
    return list(dict.fromkeys(change for entry in everything.values() for change in _stale(entry, everything)))


def _stale(entry: Mapping[str, Any], everything: Mapping[str, Any]) -> list[str]:
    outs = dict(item for other in everything.values() for item in files(other, "outs"))
    return [*_stale_values(entry.get("params", {})), *_stale_files(files(entry, "deps"), outs)]


def _stale_values(params: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for file, values in params.items():
        content = config.read_yaml(Path(file))
        for key, was in values.items():
            for name, before, now in declared.differing(key, was, declared.value(content, key)):
                yield f"{name} was {before}, is {now}"


def _stale_files(deps: Iterable[tuple[str, str | None]], outs: Mapping[str, str | None]) -> Iterator[str]:
    for path, was in deps:
        now = outs.get(path) or (records.md5(Path(path)) if Path(path).is_file() else was)
        if now != was:
            yield f"{path} was another"


def require(wanted: Iterable[Path], project: Path = Path()) -> None:
    """Raise DataError, naming them, if files of `wanted` are not those that dvc.lock certifies.

    Files that are not there, or of which dvc.lock says nothing, are not looked at. Damaged copies in DVC's cache are
    removed, so that the advice in the message works: `dvc repro` would put them back.
    """
    known = outputs(project)
    wrong = [path for path in wanted if differs(project / path, known.get(path.as_posix()))]
    if not wrong:
        return
    gone = [cache.remove_damaged(cache.folder(project), known[path.as_posix()].md5) for path in wrong]
    for path in wrong:
        os.utime(project / path)  # DVC looks at a file again if its time is another
    said = naming.some([f"{project / path} (of {known[path.as_posix()].stage})" for path in wrong], _NAMED)
    removed = "; DVC's cache had the same damage and was cleared of it" if any(gone) else ""
    raise DataError(f"{said}: not what {paths.LOCK} has, changed after it was made{removed}: run dvc repro")


def require_results() -> None:
    """`require` of all that stages have written into models/ and reports/, and of the classes: a finished run."""
    everything = outputs()
    folders = (paths.MODEL.parent, paths.REPORTS)
    wanted = [Path(name) for name in everything if Path(name).parent in folders or Path(name) == paths.CLASSES]
    require(wanted)


def differs(path: Path, certified: Output | None) -> bool:
    return certified is not None and path.is_file() and records.md5(path) != certified.md5


def withdraw(results: Iterable[Path], why: str) -> NoReturn:
    """Remove outputs that dvc.lock vouches for wrongly, here and in DVC's cache, so that their stage runs again.

    Raises WithdrawnError, which says `why`.
    """
    known = outputs()
    for path in results:
        if certified := known.get(path.as_posix()):
            cache.place(cache.folder(Path()), certified.md5).unlink(missing_ok=True)
        path.unlink(missing_ok=True)
    raise WithdrawnError(why)
