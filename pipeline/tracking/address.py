"""Where the runs are: the tracking URI, the folder for artifacts, and how both may be printed."""

import os
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from pipeline.files import paths
from pipeline.params.schema import Tracking
from pipeline.process import databases, verbosity
from pipeline.process.redaction import redacted as redacted
from pipeline.tracking import places

_OWN = "mlflow.db"
_NAMES = ("databricks", "uc")  # what MLflow takes for no path
_VARIABLE, _REGISTRY = "MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"


def tracking_uri(tracking: Tracking) -> str:
    """`tracking.uri`, else MLFLOW_TRACKING_URI, else mlflow.db in the project: for runs and registered models alike.

    A relative path counts from the project, also inside the copies that `dvc exp run --temp` works in. Where that is
    not what someone who looks at the shell or into the folder expects, it is said, once a process.
    """
    uri = _absolute(tracking.uri or os.environ.get(_VARIABLE) or databases.sqlite_url(Path(_OWN)))
    for remark in remarks(tracking.uri is not None, uri):
        _say_once(remark)
    return uri


def remarks(chosen: bool, uri: str) -> list[str]:
    """Sentences on why the store is `uri`, if something here says or means another. `chosen`: params.yaml names it."""
    variable, registry = os.environ.get(_VARIABLE), os.environ.get(_REGISTRY)
    shown, notes = redacted(uri), []
    if chosen and variable and _absolute(variable) != uri:
        notes.append(f"{_VARIABLE} ({redacted(variable)}) is not used: tracking.uri in {paths.PARAMS} says {shown}")
    if not chosen and variable and uri != _absolute(databases.sqlite_url(Path(_OWN))):
        notes.append(f"runs are in {shown}, as {_VARIABLE} says")
    if registry and _absolute(registry) != uri:
        notes.append(f"{_REGISTRY} ({redacted(registry)}) is not used: models are registered where the runs are")
    old = paths.project_root() / "mlruns"
    if any(old.glob("*/meta.yaml")) and uri != _absolute(str(old)):
        notes.append(
            f"{old} holds runs of an older MLflow, which are not shown; for a database of them, to be shown by"
            " MLFLOW_TRACKING_URI=sqlite:///old.db: `mlflow migrate-filestore --source mlruns --target sqlite:///old.db`"
        )
    return notes


@cache
def _say_once(remark: str) -> None:
    verbosity.note(remark)


def _absolute(uri: str) -> str:
    """The same store whatever the working directory; a folder, as older MLflows kept runs in, becomes a path."""
    if file := database_file(uri):
        return databases.with_file(uri, file)
    parts = urlsplit(uri)
    if parts.scheme not in ("", "file") or parts.netloc or uri in _NAMES:
        return uri
    return str(paths.project_root() / (url2pathname(parts.path) if parts.scheme else uri))


def database_file(uri: str) -> Path | None:
    """The absolute file of a SQLite URI; None for every other store."""
    file = databases.sqlite_file(uri)
    return paths.project_root() / file if file else None


def artifact_location(uri: str) -> str | None:
    """Where a new experiment keeps its artifacts: beside the database; None = a server decides for itself."""
    if is_server(uri):
        return None
    file = database_file(uri)
    return places.beside(file.parent if file else paths.project_root())


def is_server(uri: str) -> bool:
    return uri.startswith(("http://", "https://"))


def run_url(uri: str, experiment_id: str, run_id: str) -> str | None:
    """The run's page in a server's UI, without credentials; None for a database, which has no page of its own."""
    return f"{redacted(uri).rstrip('/')}/#/experiments/{experiment_id}/runs/{run_id}" if is_server(uri) else None
