"""What one training measured, read from the files that say so, wherever they are filed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.files import paths
from pipeline.filing import consistency, contents
from pipeline.results import history
from pipeline.results.figures import Run
from pipeline.results.predictions import Predictions

TABLES = {"validation": paths.VALIDATION_PREDICTIONS, "test": paths.PREDICTIONS}  # split → its predictions


def read(metrics: Mapping[str, Any], curve: Path, tables: Mapping[str, Path]) -> Run:
    """Of the content of metrics.json, history.csv at `curve` and predictions, those that are there.

    Raises DataError naming a file that is damaged, or figures that do not follow from the validation images'.
    """
    found = {split: contents.read_predictions(path) for split, path in tables.items()}
    kept: dict[str, Predictions] = {split: table for split, table in found.items() if table is not None}
    if "validation" in kept:
        consistency.check_validation(metrics, kept["validation"], tables["validation"].parent)
    return Run(metrics, kept, contents.read(curve, history.read) or ())


def in_folder(folder: Path, metrics: Mapping[str, Any]) -> Run:
    """Of a record's folder, where all files lie side by side."""
    return read(metrics, folder / paths.HISTORY.name, {split: folder / path.name for split, path in TABLES.items()})


def of_project(project: Path, metrics: Mapping[str, Any]) -> Run:
    """Of a finished run where the stages have left it."""
    return read(metrics, project / paths.HISTORY, {split: project / path for split, path in TABLES.items()})
