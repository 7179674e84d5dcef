"""What a reviewer names: an experiment, a run in MLflow, a git revision, or `.`, the results in the project now."""

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.files import paths, records
from pipeline.filing import current, experiments, kinship, locks, reading
from pipeline.filing.claims import Claim
from pipeline.filing.record import Record
from pipeline.params import config
from pipeline.params.schema import Params
from pipeline.params.suggestions import did_you_mean
from pipeline.process import git
from pipeline.process.errors import ConfigError, DataError
from pipeline.process.git import GitError
from pipeline.review import cached, committed
from pipeline.tracking import tags

_RUN_ID = re.compile(r"[0-9a-f]{32}")
HERE = "."
_ON_CHANGES = {
    tags.CHANGED: "the run was made with uncommitted changes; its commit is run",
    tags.UNKNOWN: "whether the run was made with uncommitted changes is unknown; its commit is run",
}


@dataclass(frozen=True)
class Subject:
    """`revision`: the commit whose code is run with the parameters `params`. `declared`: where the claim stands.

    `warnings`: what a reader must know before anything else. `reservation`: why no verdict can be given, if so.
    `code_of_record`: the record is said to be made by the code of the revision. `asked`: what the reviewer named.
    `files`: where the experiment is in the commit.
    """

    name: str
    revision: str
    params: Params
    record: Record | None
    claim: Claim | None = None
    declared: str = ""
    warnings: tuple[str, ...] = ()
    reservation: str | None = None
    code_of_record: bool = False
    asked: str = ""
    files: tuple[Path, ...] = (paths.PARAMS, paths.LOCK)


def resolve(what: str, recorded: bool = False) -> Subject:
    """An experiment's name, an MLflow run id or a git revision. Raises ConfigError or GitError if it is none of them.

    `recorded`: of an experiment, the parameters its record was made with (its images may be others).
    """
    return replace(_resolved(what, recorded), asked=what)


def _resolved(what: str, recorded: bool) -> Subject:
    if what in experiments.names():
        return _experiment(what, recorded)
    if recorded:
        raise ConfigError(f"{what}: --recorded is for experiments on file; a run or a revision is its own record")
    if _RUN_ID.fullmatch(what):
        return _run(what)
    try:
        revision = git.commit(what)
    except GitError as error:
        named = str(error) if what in str(error) else f"{what}: no experiment; {error}"
        raise ConfigError(f"{named}{did_you_mean(what, experiments.names())}") from None
    record = _record_at(revision)
    return Subject(f"git-{revision[:10]}", revision, record.params, record, code_of_record=True)


def record_of(what: str) -> Record:
    """What was measured: of an experiment, a run, a revision or `.`.

    Raises ConfigError if nothing is on record, DataError if what is there is damaged.
    """
    if what == HERE:
        current.require()
        return reading.of_results()
    if what in experiments.names():
        return reading.filed(what)
    found = _run_record(what)[0] if _RUN_ID.fullmatch(what) else resolve(what).record
    if found is None or found.metrics is None:
        raise ConfigError(f"{what}: no results on record there; run it, or compare something that has been measured")
    return found


def _experiment(name: str, recorded: bool) -> Subject:
    experiments.folder(name)  # refuses links
    revision = git.commit()
    found = committed.at(name, revision)
    differing = committed.differing(name)
    reservation = None
    if found is None:
        found, reservation = committed.working(name), f"{experiments.FOLDER / name} is not committed"
        warnings = [f"{reservation}: nothing of it was declared beforehand, so no verdict can be given"]
    else:
        where, listed = experiments.FOLDER / name, ", ".join(differing)
        warnings = [f"{where} has uncommitted changes, which are not looked at: {listed}"] if differing else []
        warnings += found.warnings
    if recorded and found.record is None:
        raise ConfigError(f"{experiments.record_folder(name)}: no record in the commit; leave out --recorded")
    code = git.changed("pipeline", "dvc.yaml")
    warnings += [f"uncommitted changes of code are not part of this review: {', '.join(code)}"] if code else []
    claim, params = found.claim, found.params
    if recorded and found.record:
        if claim and not claim.contents and not kinship.same_source(params, found.record.params):
            claim = claim.model_copy(update={"images": "other"})
        params = found.record.params
    files = found.folders or (experiments.FOLDER / name,)
    return Subject(
        name, revision, params, found.record, claim, found.declared, tuple(warnings), reservation, files=files
    )


def _record_at(revision: str) -> Record:
    """The certificate dvc.lock of a commit, with what the DVC cache has of its results."""
    where = {path: f"{path} of {revision[:10]}" for path in (paths.PARAMS, paths.LOCK)}
    params, lock = (_yaml_at(revision, path, where[path]) for path in (paths.PARAMS, paths.LOCK))
    locks.checked(lock, where[paths.LOCK])
    _require_current(lock, {str(paths.PARAMS): params, **_versions_at(revision)}, revision[:10])
    place = cached.folder()
    wanted = (paths.METRICS, paths.TRAINING, paths.PREDICTIONS, paths.TYPED_PREDICTIONS)
    files = {path: cached.find(place, lock, path) for path in wanted}
    found = {path: file for path, file in files.items() if file}
    return cached.record(config.check(params, where[paths.PARAMS]), lock, found)


def _yaml_at(revision: str, path: Path, where: str) -> Any:
    text = git.show(revision, path)
    if text is None:
        raise ConfigError(f"{revision[:10]}: has no {path}, so there is nothing to verify")
    return config.parse_yaml(text, where)


def _versions_at(revision: str) -> dict[str, Any]:
    file = Path("pipeline") / paths.VERSIONS.name
    text = git.show(revision, file)
    return {file.as_posix(): config.parse_yaml(text, f"{file} of {revision[:10]}")} if text else {}


def _require_current(lock: locks.Lock, files: Mapping[str, Any], where: str) -> None:
    """A lock that was made with other parameters says nothing about those beside it, neither well nor ill."""
    stale: dict[str, tuple[Any, Any]] = {}
    for file, content in files.items():
        stale |= locks.stale_parameters(lock, content, file)
    if stale:
        raise DataError(
            f"{where}: its {paths.LOCK} was not made with its parameters: {locks.stale_sentence(stale)}; so neither"
            f" speaks about the other: run `dvc repro` there, commit {paths.LOCK}, and verify that commit"
        )


def _run(run_id: str) -> Subject:
    record, labels = _run_record(run_id)
    made_at = labels.get(tags.COMMIT) or "HEAD"
    try:
        revision = git.commit(made_at)
    except GitError as error:
        raise ConfigError(
            f"run {run_id} was made at commit {made_at}, whose code cannot be had here ({error}): git fetch brings what"
            " was pushed; compare needs no code"
        ) from None
    name = f"run-{run_id[:10]}"
    return Subject(name, revision, record.params, record, warnings=cautions(labels), code_of_record=True)


def _run_record(run_id: str) -> tuple[Record, Mapping[str, str]]:
    """What MLflow has of a run, and its tags."""
    from pipeline.tracking import reviews

    with tempfile.TemporaryDirectory() as folder:
        labels = reviews.download(run_id, config.load().tracking, Path(folder))
        found = _with_own_results(reading.read(Path(folder)), Path(folder))
        if found.lock:
            content = config.read_yaml(Path(folder) / paths.PARAMS.name)
            _require_current(found.lock, {str(paths.PARAMS): content}, f"run {run_id[:10]}")
    return replace(found, environment=tags.environment(labels)), labels


def cautions(labels: Mapping[str, str]) -> tuple[str, ...]:
    """What to know of the code of an MLflow run with these tags."""
    changes = _ON_CHANGES.get(labels.get(tags.DIRTY, ""))
    named = None if labels.get(tags.COMMIT) else "the run does not name its commit; the current one is run"
    return tuple(caution for caution in (changes, named) if caution)


def _with_own_results(found: Record, folder: Path) -> Record:
    """MLflow may have got the lock before DVC wrote the last stage into it: there, the run's own files count."""
    if found.lock is None:
        return found
    own = (paths.METRICS, paths.PREDICTIONS, paths.TYPED_PREDICTIONS)
    files = [path for path in own if (folder / path.name).exists()]
    outputs = [{"path": path.as_posix(), "md5": records.md5(folder / path.name)} for path in files]
    evaluate = {"evaluate": {"outs": outputs, locks.PARTIAL: True}} if outputs else {}
    stages = {name: entry for name, entry in found.lock["stages"].items() if name != "evaluate"}
    return replace(found, lock={**found.lock, "stages": {**stages, **evaluate}})
