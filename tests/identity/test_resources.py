"""What stages took is noted beside the results, and taken over for the results it is of only."""

import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.files import paths, records
from pipeline.identity import resources


def stock(*outputs: str) -> SimpleNamespace:
    return SimpleNamespace(stage="evaluate", declared=SimpleNamespace(outputs=outputs))


def test_seconds_memory_and_machine_are_noted_with_the_results(project: Path) -> None:
    with resources.noted(stock("reports")):
        records.write_text(paths.METRICS, "{}")
        time.sleep(0.2)
    found = resources.of_run({"reports/metrics.json": records.md5(paths.METRICS)})["evaluate"]
    assert set(found) == {"seconds", "peak_bytes", "machine"}
    assert 0.1 < found["seconds"] < 60
    assert found["peak_bytes"] is None or 10**6 < found["peak_bytes"] < 10**12
    assert "cpu" in found["machine"]


def test_seconds_are_those_of_the_last_time(project: Path) -> None:
    with resources.noted(stock("reports")):
        records.write_text(paths.METRICS, "{}")
    assert resources.seconds().keys() == {"evaluate"}
    assert 0 <= resources.seconds()["evaluate"] < 60


def test_notes_of_other_results_are_left(project: Path) -> None:
    with resources.noted(stock("reports")):
        records.write_text(paths.METRICS, "{}")
    assert resources.of_run({"reports/metrics.json": "0" * 32}) == {}
    assert resources.of_run({}) == {}


def test_a_stage_that_fails_notes_nothing(project: Path) -> None:
    with pytest.raises(RuntimeError), resources.noted(stock("reports")):
        raise RuntimeError
    assert not resources.FOLDER.exists()


def test_the_peak_is_the_high_water_mark(tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text("VmPeak:\t  999 kB\nVmHWM:\t     123 kB\nVmRSS:\t 7 kB\n")
    assert resources.peak_bytes(status) == 123 * 1024
    assert resources.peak_bytes(tmp_path / "none") is None


def test_a_process_began_before_now() -> None:
    assert 0 < time.monotonic() - resources.began() < 24 * 3600
