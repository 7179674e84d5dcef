"""Results are read from the project only where a run has ended."""

from pathlib import Path

import pytest

from pipeline.filing import reading
from pipeline.process.errors import DataError


def test_nothing_has_run_yet(project: Path) -> None:
    with pytest.raises(DataError, match=r"reports/metrics.json, models/training.json: not found; .* run `dvc repro`"):
        reading.of_results()
