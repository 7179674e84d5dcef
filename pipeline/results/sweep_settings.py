"""What the sweep in reports/sweep was asked for: params.yaml may say something else by the time its winner is filed."""

from collections.abc import Mapping
from typing import Any

from pipeline.files import paths, records


def write(asked: Mapping[str, Any]) -> None:
    """Note `asked`, the section `sweep` that the trials of trials.csv were run with, beside it."""
    noted = {"sweep": dict(asked), "trials_sha256": records.file_digest(paths.TRIALS)}
    records.write_json(paths.SWEEP_SETTINGS, noted)


def read() -> dict[str, Any] | None:
    """The section that trials.csv came of; None if that is unknown: of a sweep that noted none, or of other trials."""
    if not paths.SWEEP_SETTINGS.exists():
        return None
    noted = records.read_json(paths.SWEEP_SETTINGS)
    return dict(noted["sweep"]) if noted["trials_sha256"] == records.file_digest(paths.TRIALS) else None
