"""What a reviewer names: an experiment, a run in MLflow, a git revision, or `.`, the results in the project now."""

import re
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.files import paths, records
from pipeline.filing import claims, experiments, locks, reading
from pipeline.filing.claims import Claim
from pipeline.filing.record import Record
from pipeline.identity import cache as object_cache
from pipeline.params import config
from pipeline.params.schema import Params
from pipeline.params.suggestions import did_you_mean
from pipeline.process import git
from pipeline.process.errors import ConfigError
from pipeline.process.git import GitError
from pipeline.results import predictions
from pipeline.review import workspace

_RUN_ID = re.compile(r"[0-9a-f]{32}")
HERE = "."


@dataclass(frozen=True)
class Subject:
    """`revision`: the commit whose code is run. `params`: the parameters it is run with. `notes`: for the report."""

    name: str
    revision: str
    params: Params
    record: Record | None
    claim: Claim | None
    notes: tuple[str, ...] = ()


def resolve(what: str, recorded: bool = False) -> Subject:
    """An experiment's name, an MLflow run id or a git revision. Raises ConfigError or GitError if it is none of them.

    `recorded`: of an experiment, the parameters its record was made with (its images may be others).
    """
    if what in experiments.names():
        return _experiment(what, recorded)
    if _RUN_ID.fullmatch(what):
        return _run(what)
    try:
        revision = git.commit(what)
    except GitError as error:
        raise ConfigError(f"{error}{did_you_mean(what, experiments.names())}") from None
    return Subject(f"git-{revision[:10]}", revision, _params_at(revision), _record_at(revision), None)


def record_of(what: str) -> Record:
    """What was measured: of an experiment, a run, a revision or `.`. Raises DataError if nothing is on record."""
    if what == HERE:
        return reading.of_results()
    if what in experiments.names():
        return reading.filed(what)
    found = resolve(what).record
    if found is None or found.metrics is None:
        raise ConfigError(f"{what}: no results on record there; run it, or compare something that has been measured")
    return found


def _experiment(name: str, recorded: bool) -> Subject:
    found = reading.filed(name) if reading.exists(name) else None
    if recorded and found is None:
        raise ConfigError(f"{experiments.record_folder(name)}: no record; leave out --recorded")
    claim, params = claims.read(experiments.claim_file(name)), experiments.params(name)
    if recorded and found:
        if found.params.data != params.data:
            claim = claim.model_copy(update={"images": "other"})
        params = found.params
    return Subject(name, git.commit(), params, found, claim, _uncommitted())


def _uncommitted() -> tuple[str, ...]:
    changed = git.changed("pipeline", "dvc.yaml")
    return (f"uncommitted changes are not part of this review: {', '.join(changed)}",) if changed else ()


def _params_at(revision: str) -> Params:
    text = git.show(revision, paths.PARAMS)
    if text is None:
        raise ConfigError(f"{revision[:10]}: has no {paths.PARAMS}")
    where = f"{paths.PARAMS} of {revision[:10]}"
    return config.check(config.parse_yaml(text, where), where)


def _record_at(revision: str) -> Record | None:
    """The certificate dvc.lock of a commit, with what the DVC cache has of its results."""
    text = git.show(revision, paths.LOCK)
    if text is None:
        return None
    where = f"{paths.LOCK} of {revision[:10]}"
    lock = locks.checked(config.parse_yaml(text, where), where)
    cache = workspace.cache_folder()
    files = {path: _cached(cache, lock, path) for path in (paths.METRICS, paths.TRAINING, paths.PREDICTIONS)}
    metrics, training, table = files.values()
    return Record(
        params=_params_at(revision),
        metrics=records.read_json(metrics) if metrics else None,
        lock=lock,
        predictions=predictions.read(table) if table else None,
        environment=records.read_json(training)["environment"] if training else {},
    )


def _cached(cache: Path, lock: dict[str, Any], path: Path) -> Path | None:
    outputs = [output for stage in lock["stages"].values() for output in stage.get("outs", [])]
    digest = next((output["md5"] for output in outputs if output["path"] == path.as_posix()), None)
    if not object_cache.is_name(digest) or object_cache.remove_damaged(cache, digest):
        return None
    file = object_cache.place(cache, digest)
    return file if file.exists() else None


def _run(run_id: str) -> Subject:
    from pipeline.tracking import reviews

    with tempfile.TemporaryDirectory() as folder:
        tags = reviews.download(run_id, config.load().tracking, Path(folder))
        found = _with_own_results(reading.read(Path(folder)), Path(folder))
    environment = {k.removeprefix("environment."): v for k, v in tags.items() if k.startswith("environment.")}
    commit = tags.get("mlflow.source.git.commit", "")
    notes = ["the run was made with uncommitted changes; its commit is run"] if tags.get("git_dirty") == "true" else []
    if not commit:
        notes.append("the run does not name its commit; the current one is run")
    revision = git.commit(commit or "HEAD")
    name = f"run-{run_id[:10]}"
    return Subject(name, revision, found.params, replace(found, environment=environment), None, tuple(notes))


def _with_own_results(found: Record, folder: Path) -> Record:
    """MLflow may have got the lock before DVC wrote the last stage into it: there, the run's own files count."""
    if found.lock is None:
        return found
    files = [path for path in (paths.METRICS, paths.PREDICTIONS) if (folder / path.name).exists()]
    outputs = [{"path": path.as_posix(), "md5": records.md5(folder / path.name)} for path in files]
    evaluate = {"evaluate": {"outs": outputs, locks.PARTIAL: True}} if outputs else {}
    stages = {name: entry for name, entry in found.lock["stages"].items() if name != "evaluate"}
    return replace(found, lock={**found.lock, "stages": {**stages, **evaluate}})
