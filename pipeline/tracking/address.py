"""Where the runs are: the tracking URI, the folder for artifacts, and how both may be printed."""

import os
from pathlib import Path

from pipeline.files import paths
from pipeline.params.schema import Tracking
from pipeline.process import databases
from pipeline.process.redaction import redacted as redacted


def tracking_uri(tracking: Tracking) -> str:
    """`tracking.uri`, else MLFLOW_TRACKING_URI, else mlflow.db in the project.

    A relative SQLite path counts from the project, also inside the copies that `dvc exp run --temp` works in.
    """
    uri = tracking.uri or os.environ.get("MLFLOW_TRACKING_URI") or databases.sqlite_url(Path("mlflow.db"))
    file = database_file(uri)
    return databases.with_file(uri, file) if file else uri


def database_file(uri: str) -> Path | None:
    """The absolute file of a SQLite URI; None for every other store."""
    file = databases.sqlite_file(uri)
    return paths.project_root() / file if file else None


def artifact_location(uri: str) -> str | None:
    """Where a new experiment keeps its artifacts: beside the database; None = a server decides for itself."""
    if is_server(uri):
        return None
    file = database_file(uri)
    return ((file.parent if file else paths.project_root()) / "mlartifacts").as_uri()


def is_server(uri: str) -> bool:
    return uri.startswith(("http://", "https://"))


def run_url(uri: str, experiment_id: str, run_id: str) -> str | None:
    """The run's page in a server's UI, without credentials; None for a database, which has no page of its own."""
    return f"{redacted(uri).rstrip('/')}/#/experiments/{experiment_id}/runs/{run_id}" if is_server(uri) else None
