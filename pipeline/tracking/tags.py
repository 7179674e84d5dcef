"""The label on a run: which code, data and environment made it."""

import getpass
import platform
from collections.abc import Mapping
from typing import Any

import psutil  # type: ignore[import-untyped]

from pipeline.process import git, hardware
from pipeline.process.git import GitError
from pipeline.process.redaction import redacted

FINGERPRINT = "fingerprint"
STATE = "state"  # training, trained, failed, interrupted (Ctrl-C), killed (found dead later), published, superseded
REASON = "reason"
_LONGEST_REASON = 5000  # characters; MLflow refuses tags of more than 8,000
PROCESS = "process"
COMMIT = "mlflow.source.git.commit"
DIRTY = "git_dirty"  # whether there were uncommitted changes: CHANGED, UNCHANGED, or UNKNOWN if git did not say in time
CHANGED, UNCHANGED, UNKNOWN = "true", "false", "unknown"
_ENVIRONMENT = "environment."  # begins the tags that say, one each, what the environment was
WORKED = "worked_seconds"  # of a run that may go on later
PUBLISHED = "published"
PARENT = "mlflow.parentRunId"
NOTE = "mlflow.note.content"
_SECONDS = 5
_CLOCK_STEP_SECONDS = 2  # a process's start is computed from the clock, which may be set meanwhile


def of_training(training: Mapping[str, Any]) -> dict[str, str]:
    """Tags from the content of models/training.json, as far as it is known: digests, counts and, one each, what the
    environment was."""
    environment = {f"{_ENVIRONMENT}{name}": str(value) for name, value in training["environment"].items()}
    known = {
        "dataset_digest": training["images_digest"],
        "feature_digest": training["features_digest"],
        "code_digest": training.get("code", ""),
        "cut": training.get("cut", ""),
        "kept_epoch": training.get("kept_epoch", ""),
        **{f"parameters_{which}": count for which, count in training.get("parameters", {}).items()},
    }
    return {**{name: str(value) for name, value in known.items() if value != ""}, **environment}


def environment(run_tags: Mapping[str, str]) -> dict[str, str]:
    """What the environment was, by the tags of a run: name → value."""
    return {k.removeprefix(_ENVIRONMENT): v for k, v in run_tags.items() if k.startswith(_ENVIRONMENT)}


def of_code() -> dict[str, str]:
    """The commit checked out here and whether tracked files differ from it. Empty without git."""
    try:
        commit = git.commit(seconds=_SECONDS)
    except GitError:
        return {}
    try:
        changed = CHANGED if git.changed(seconds=_SECONDS) else UNCHANGED
    except GitError:
        changed = UNKNOWN
    return {COMMIT: commit, DIRTY: changed}


def of_machine() -> dict[str, str]:
    """This machine's processors. True of a run only while it trains: what is published may come out of a cache."""
    return {"cpu": hardware.cpu_model(), "gpu": hardware.gpus()}


def of_beginning() -> dict[str, str]:
    """Tags of a run whose work begins, or goes on. `close_abandoned` looks for "training" if this process is killed."""
    return {STATE: "training", REASON: "", **of_process(), **of_machine(), **of_code()}


def of_process() -> dict[str, str]:
    """Names this process, so that a later one on this host can tell whether it still lives, even if pids repeat."""
    process = psutil.Process()
    return {PROCESS: f"{platform.node()} {process.pid} {process.create_time():.0f}"}


def of_failure(kind: type[BaseException], error: BaseException | None) -> tuple[str, dict[str, str]]:
    """MLflow's status and the tags of a run that ended early: FAILED by an error, KILLED by Ctrl-C or a signal."""
    if issubclass(kind, Exception):
        return "FAILED", {STATE: "failed", REASON: redacted(f"{kind.__name__}: {error}")[:_LONGEST_REASON]}
    return "KILLED", {STATE: "interrupted", REASON: kind.__name__}


def of_user() -> dict[str, str]:
    """What MLflow's own client would add. MLflow shows the user's name in its list of runs."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        user = "unknown"
    return {"mlflow.user": user, "mlflow.source.name": "herbarium", "mlflow.source.type": "LOCAL"}


def process_died(run_tags: Mapping[str, str]) -> bool:
    """True if the run was made by a process of this host that is gone; False where that cannot be known."""
    match run_tags.get(PROCESS, "").split():
        case [node, pid, started] if node == platform.node():
            try:
                began: float = psutil.Process(int(pid)).create_time()
                return abs(began - float(started)) > _CLOCK_STEP_SECONDS
            except psutil.NoSuchProcess:
                return True
    return False
